"""Reactions: what a phone writes by itself when somebody presses a heart or a thumb on a text.

There is no such thing in SMS, so iPhones and Android's Messages send it as a text of its own which quotes the other
one, in words of the phone's language: ``Liked “alice: hello”``, ``👍 to “alice: hello”``, ``Gefällt: „alice: hello“``.
Whoever pressed the heart wrote nothing, and wants nothing posted. Whether the words quoted are ours is for those to
find out who know what was texted: where a phone's words are not known here, a few words around a quotation may be
anybody's, and are a reaction only if they quote a text of ours as it was.
"""

import re
from dataclasses import dataclass

from gateway.domain.sms_text import made_plain
from gateway.domain.types import NAME_PATTERN

_OPEN, _CLOSE = '[“„"«”]', '[”“"»]'
_FORM = re.compile(
    rf"(?:(?P<before>„Gefällt mir(?: nicht)?“ von |[^“„\"«”»]{{0,40}}){_OPEN}[ \u00a0\u202f]?)"
    rf"(?P<quoted>.+)[ \u00a0\u202f]?{_CLOSE}(?P<after>[^“„\"«”»]{{0,40}})",
    re.DOTALL,
)
_EMOJI = r"[^\w\s]{1,20}"
_LIKED = re.compile(
    r"(?:Liked|Loved|Likte|Satte et hjerte ved|Le (?:[Gg]usta|[Ee]ncanta)|Gefällt:|(?:Reacted )?[👍❤♥][^\w\s]{0,19} to"
    r"|Reagerte med [👍❤♥][^\w\s]{0,19} på|A réagi avec [👍❤♥][^\w\s]{0,19} à) “”"
    r"|“” ein Herz hinzugefügt|Hat mit [👍❤♥][^\w\s]{0,19} auf “” reagiert"
)
_OTHERWISE = re.compile(
    rf"(?:Disliked|Laughed at|Emphasi[sz]ed|Questioned|(?:Reacted )?{_EMOJI} to"
    rf"|Removed an? [\w ]{{1,20}} from|Removed {_EMOJI} from"
    rf"|Mislikte|Lo av|Satte (?:utrops|spørsmåls)tegn ved|(?:Mis)?[Ll]iker ikke lenger|Reagerte med {_EMOJI} på"
    rf"|Fjernet [\w ]{{1,20}} fra|Fjernet {_EMOJI} fra|A réagi avec {_EMOJI} à|A retiré {_EMOJI} de|Gefällt nicht:) “”"
    rf"|“” ein (?:Lachen|Ausrufezeichen|Fragezeichen) hinzugefügt|Hat mit {_EMOJI} auf “” reagiert"
    rf"|(?:(?:Herz|Lachen|Ausrufezeichen|Fragezeichen|„Gefällt mir(?: nicht)?“) von|{_EMOJI} aus) “” entfernt"
)
"""What phones write around a quotation, which stands here as “”: in English, German, Norwegian, Spanish and French, as
far as it is known to have been seen."""

_WORDS = 6
"""So many words around a quotation may be a phone's in a language that is not known here."""

_FROM = re.compile(rf"(?P<direct>D )?(?P<name>(?ai:{NAME_PATTERN})): (?P<words>.+)", re.DOTALL)
_INVISIBLE = {ord(mark): None for mark in "\u200a\u200b\u200c"}
"""What Android's Messages puts around the parts of a reaction."""

_TELLING = 10
"""Characters by which a text is known whose end is missing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message in that form. ``likes``: it says that somebody likes the text. ``quoted`` is all that is quoted,
    ``name`` whose words it may be (None: nobody's) and ``words`` what they said, of which the end may be missing.
    ``direct``: they would be a direct message. ``sure``: phones are known to write so, whatever is quoted."""

    likes: bool
    quoted: str
    name: str | None
    words: str
    direct: bool = False
    sure: bool = True

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
    if text.isascii() and '"' not in text:
        return None
    found = _FORM.fullmatch(text.translate(_INVISIBLE))
    if found is None:
        return None
    around = f"{found['before']}“”{found['after']}"
    likes = _LIKED.fullmatch(around) is not None
    sure = likes or _OTHERWISE.fullmatch(around) is not None
    quoted = found["quoted"]
    if not sure and not (around != "“”" and len(around.split()) <= _WORDS and len(quoted) >= _TELLING):
        return None
    by = _FROM.fullmatch(quoted)
    if by is None:
        return Seen(likes, quoted, None, quoted, sure=sure)
    return Seen(likes, quoted, by["name"].lower(), _uncut(by["words"]), bool(by["direct"]), sure)


def _uncut(words: str) -> str:
    return words.removesuffix("…").removesuffix("...").rstrip()
