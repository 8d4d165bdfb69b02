"""Reactions: what a phone writes by itself when somebody presses a heart or a thumb on a text.

There is no such thing in SMS, so iPhones and Android's Messages send it as a text of its own which quotes the other
one: ``Liked “alice: hello”``, ``👍 to “alice: hello”``. Whoever pressed the heart wrote nothing, and wants nothing
posted. Whether the words quoted are ours is for those to find out who know what was texted.
"""

import re
from dataclasses import dataclass

from gateway.domain.sms_text import made_plain
from gateway.domain.types import NAME_PATTERN

_FORM = re.compile(
    r"(?P<how>Liked|Loved|Disliked|Laughed at|Emphasi[sz]ed|Questioned"
    r"|Reacted [^\w\s]{1,20} to|[^\w\s“\"]{1,20} to"
    r"|Removed an? [\w ]{1,20} from|Removed [^\w\s]{1,20} from)"
    r" [“\"„](?P<quoted>.+)[”\"“]",
    re.DOTALL,
)
_FROM = re.compile(rf"(?:D )?(?P<name>(?ai:{NAME_PATTERN})): (?P<words>.+)", re.DOTALL)
_LIKES = ("Liked", "Loved", "👍", "❤", "♥")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message in that form. ``likes``: it says that somebody likes the text. ``quoted`` is all that is quoted,
    ``name`` whose words it may be (None: nobody's) and ``words`` what they said, of which the end may be missing."""

    likes: bool
    quoted: str
    name: str | None
    words: str

    def quotes(self, text: str) -> bool:
        """Whether this may be the text: on the way accents and quotation marks may have been made plain, and the end
        may be missing."""
        return bool(self.words) and made_plain(text).startswith(made_plain(self.words))


def read(text: str) -> Seen | None:
    """A message that has the form of a reaction, else None. Takes any text, in linear time."""
    if not text.endswith(("”", '"', "“")):
        return None
    found = _FORM.fullmatch(text.replace("\u200b", ""))
    if found is None:
        return None
    how, quoted = found["how"], found["quoted"]
    likes = how.removeprefix("Reacted ").startswith(_LIKES)
    by = _FROM.fullmatch(quoted)
    if by is None:
        return Seen(likes, quoted, None, quoted)
    return Seen(likes, quoted, by["name"].lower(), by["words"].removesuffix("…").removesuffix("...").rstrip())
