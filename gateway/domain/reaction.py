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
_FROM = re.compile(rf"(?P<direct>D )?(?P<name>(?ai:{NAME_PATTERN})): (?P<words>.+)", re.DOTALL)
_TELLING = 10
"""Characters by which a text is known whose end is missing."""

_LIKES = ("Liked", "Loved", "👍", "❤", "♥")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message in that form. ``likes``: it says that somebody likes the text. ``quoted`` is all that is quoted,
    ``name`` whose words it may be (None: nobody's) and ``words`` what they said, of which the end may be missing.
    ``direct``: they would be a direct message."""

    likes: bool
    quoted: str
    name: str | None
    words: str
    direct: bool = False

    def quotes(self, text: str) -> bool:
        """Whether this may be the text: on the way accents and quotation marks may have been made plain, and the end
        may be missing."""
        return bool(self.words) and made_plain(text).startswith(made_plain(self.words))

    def quotes_all(self, text: str) -> bool:
        """Whether all that is quoted may be the text, of which the end is missing only where that is shown."""
        quoted, whole = made_plain(self.quoted), made_plain(text)
        shown = _uncut(quoted)
        return quoted == whole or (shown != quoted and len(shown) >= _TELLING and whole.startswith(shown))


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
    return Seen(likes, quoted, by["name"].lower(), _uncut(by["words"]), bool(by["direct"]))


def _uncut(words: str) -> str:
    return words.removesuffix("…").removesuffix("...").rstrip()
