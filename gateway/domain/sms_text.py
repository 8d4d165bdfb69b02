"""What a text costs as SMS, and how it is made cheaper without changing what it says.

A segment holds 140 octets (3GPP TS 23.040 9.2.3.16): 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038 6.2.1,
with its extension table 6.2.1.1 whose characters take two places), or 70 UTF-16 units of any other text. When more
than one is needed, the header that joins them leaves 153 or 67. A pair of places is never parted over two segments.
"""

import re
import unicodedata
from dataclasses import dataclass

from gateway.domain.text import Link, parts, recompose

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
_GSM = frozenset(BASIC + EXTENSION)
_ALL_GSM = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*").fullmatch
_TWO_PLACES = re.compile(f"[{re.escape(EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


LONGEST = 1600
"""UTF-16 units of one text, as most providers take it (Twilio's error 21617)."""

_DOTS = "..."


@dataclass(frozen=True, slots=True)
class Composed:
    """A text as it is to be sent, and how many segments it takes."""

    text: str
    segments: int


def compose(text: str) -> Composed:
    """The text as it is to be sent: quotes, dashes, accents and the like made plain, if that turns the whole text into
    the GSM alphabet and needs fewer segments; else the text itself. Other scripts and emoji are never replaced, and
    links stay as they are, for they would lead elsewhere."""
    as_is = segments(text)
    if not is_gsm(text):
        plain = made_plain(text)
        if is_gsm(plain) and (fewer := segments(plain)) < as_is:
            return Composed(plain, fewer)
    return Composed(text, as_is)


def compose_any(text: str) -> Composed:
    """The same for words of any length: what no provider takes in one text is cut at a word, with dots behind it."""
    composed = compose(text)
    if len(composed.text) <= LONGEST // 2 or _units(composed.text) <= LONGEST:
        return composed
    units = composed.text.encode("utf-16-le")[: 2 * (LONGEST - len(_DOTS))]
    cut = units.decode("utf-16-le", "ignore")  # perhaps within a pair
    head = cut.rsplit(maxsplit=1)[0] + _DOTS
    return Composed(head, segments(head))


def _units(text: str) -> int:
    return len(text) + len(_ASTRAL.findall(text))


def is_gsm(text: str) -> bool:
    """Whether every character is in the GSM 7-bit alphabet or its extension table."""
    return _ALL_GSM(text) is not None


def segments(text: str) -> int:
    """How many segments the text takes; an empty one takes 1, as it is billed."""
    if is_gsm(text):
        return _count(text, _TWO_PLACES, whole=160, part=153)
    return _count(text, _ASTRAL, whole=70, part=67)


def _count(text: str, pairs: re.Pattern[str], *, whole: int, part: int) -> int:
    found = pairs.findall(text)
    places = len(text) + len(found)
    if places <= whole:
        return 1
    if not found:
        return -(-places // part)
    taken, left = 1, part
    for c in text:
        needs = 2 if pairs.match(c) else 1
        if needs > left:
            taken, left = taken + 1, part
        left -= needs
    return taken


# ---- made plain

_LIKE = {
    "'": "‘’‚‛′‵´`ʹʻʼʽˈˊˋ‹›",
    '"': "“”„‟″‶«»〝〞ʺ",
    "-": "‐‑‒–—―−⁃",
    "*": "•‣∙",
    "/": "⁄∕÷",
    "x": "×",
    "|": "¦",
    "^": "ˆ",
    "~": "˜∼",
    " ": "\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u2028\u2029",
    "": "\xad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufe0e\ufe0f\ufeff",
}
_LETTERS = "ÐðĐđĦħıĸŁłŦŧſƒƏəƁɓƊɗƉɖƐɛƔɣƘƙƆɔƳƴƵƶ", "DdDdHhikLlTtsfEeBbDdDdEeGgKkOoYyZz"
_WRITTEN_OUT = "… ... ‥ .. ‼ !! ⁇ ?? ⁈ ?! ⁉ !? © (c) ® (R) ™ (TM) № No. → -> ← <- ↔ <-> ⇒ => ≤ <= ≥ >= ≠ != ± +/-"
_TWO_LETTERS = "Œ OE œ oe Þ Th þ th Ŋ Ng ŋ ng ẞ SS"
_SPACED = {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "°": " deg "}
_LATIN = ("LATIN ", "FULLWIDTH ", "ROMAN NUMERAL ", "COMBINING ")
_OVERLAYS = range(0x334, 0x339)  # they strike through what is written, which no plain letter says


class _Plain(dict[int, str]):
    """The table that ``str.translate`` makes texts plain by; it learns the basic plane's
    characters as it meets them."""

    def __missing__(self, point: int) -> str:
        c = chr(point)
        if point > 0xFFFF:
            return c
        self[point] = plain = self._without_marks(c) if unicodedata.name(c, "").startswith(_LATIN) else c
        return plain

    def _without_marks(self, c: str) -> str:
        letters = "".join(part for part in unicodedata.normalize("NFKD", c) if not 0x300 <= ord(part) <= 0x36F)
        return letters if c in letters else letters.translate(self)


def _plain_table() -> _Plain:
    table = _Plain({ord(c): c for c in _GSM})
    for plain, alike in _LIKE.items():
        table.update({ord(c): plain for c in alike})
    table.update({ord(c): plain for c, plain in zip(*_LETTERS, strict=True)})
    written_out = f"{_WRITTEN_OUT} {_TWO_LETTERS}".split()
    table.update({ord(c): plain for c, plain in zip(written_out[::2], written_out[1::2], strict=True)})
    table.update({ord(c): plain for c, plain in _SPACED.items()})
    table.update({point: chr(point) for point in _OVERLAYS})
    return table


_PLAIN = _plain_table()


def without_pictures(text: str) -> str:
    """The text made plain, and without the emoji and signs that have no place in the GSM alphabet; letters of other
    scripts stay. White space that they leave behind goes with them."""
    kept = "".join(c for c in made_plain(text) if c in _GSM or unicodedata.category(c)[0] in "LMN")
    return re.sub(r" {2,}", " ", kept).strip()


def beyond_gsm(text: str) -> str:
    """The characters that keep the text out of the GSM alphabet even when it is made plain, each once, in order."""
    return "".join(dict.fromkeys(c for c in made_plain(text) if c not in _GSM))


def made_plain(text: str) -> str:
    """Quotes, dashes, accents and the like as the GSM alphabet has them; other scripts, emoji and links as they are."""
    return "".join(
        part.text if isinstance(part, Link) else part.text.translate(_PLAIN) for part in parts(recompose(text))
    )
