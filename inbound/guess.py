"""Which charset bytes are in that nobody has named, or named wrongly: the one in which they look most like words.

Statistics want more text than a short mail has. So each charset that mail is found in is tried, and what comes out is
looked at as a reader would: letters of one script in a word are good, the frequent ones better; capitals in the middle
of a word, signs between letters and rare ideographs are bad.
"""

import unicodedata
from collections.abc import Callable

_LOOKED_AT = 2_000  # bytes
_ENOUGH = 3  # bytes beyond ASCII where nothing else is there
_SIGNS = frozenset("\xa0«»“”„‘’‚–—…•·°№§€£©®™、。「」『』〜・！？，：；（）　")

_FREQUENT = {
    "CYRILLIC": frozenset("оеаинтсрвл"),
    "GREEK": frozenset("αιοετσνρπκς"),
    "HEBREW": frozenset("יוהלארתבמש"),
    "ARABIC": frozenset("اليمونرتبة"),
    "THAI": frozenset("านรกอเงวมย่"),
}
"""The letters of each script that make up about two thirds of any text in it."""

_FREQUENT_HANZI = frozenset("的了是我不在有好人来这中大们你他她吗谢天上个会好這來們嗎謝個會說沒點見")

_ALPHABETS = (
    "cp1252",
    "cp1251",
    "koi8_u",
    "cp1250",
    "iso8859_2",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp874",
    "cp866",
    "iso8859_5",
    "iso8859_7",
    "iso8859_6",
    "mac_roman",
    "cp850",
    "mac_cyrillic",
    "cp1257",
    "cp1258",
)
_COMMON_LEADS = {
    "gb18030": range(0xB0, 0xD8),
    "big5hkscs": range(0xA4, 0xC7),
    "cp932": range(0x88, 0x98),
    "euc_jp": range(0xB0, 0xD0),
    "cp949": range(0),
}
"""The first bytes of ideographs that everybody knows: each of these standards puts the rare ones behind them."""


def guess(data: bytes) -> str | None:
    """The codec in which ``data`` reads best, None if it reads badly in all of them."""
    data = _sample(data)
    high = sum(byte > 127 for byte in data)
    if high < _ENOUGH and not any(chr(byte).isalpha() for byte in data if byte < 128):
        return None
    best, most = None, 0.3
    for codecs, score in ((_COMMON_LEADS, _ideographs), (_ALPHABETS, _letters)):
        for codec in codecs:
            found = _score(data, codec, score) / max(high, 1)
            if found > most:
                best, most = codec, found
    return best


def _sample(data: bytes) -> bytes:
    """A stretch round the first byte beyond ASCII that ends between two characters."""
    begun = next((at for at, byte in enumerate(data) if byte > 127), 0)
    begun = max(0, begun - 20)
    if len(data) - begun <= _LOOKED_AT:
        return data[begun:]
    end = max(data.rfind(b"\n", begun, begun + _LOOKED_AT), data.rfind(b" ", begun, begun + _LOOKED_AT))
    return data[begun : end if end > begun else begun + _LOOKED_AT]


def _score(data: bytes, codec: str, score: Callable[[str, str], float]) -> float:
    try:
        return score(data.decode(codec), codec)
    except (ValueError, LookupError):
        return -1.0


def _ideographs(text: str, codec: str) -> float:
    """How text in East Asian characters reads; each of them is two bytes."""
    japanese = codec in {"cp932", "euc_jp"}
    found = 0.0
    last = ""
    for char in text:
        last, before = char, last
        if char < "\x80":
            found -= 2.0 if char == " " and "一" <= before <= "鿿" else 0.0
            continue
        if char in _SIGNS:
            found += 1.5
        elif "぀" <= char <= "ヿ":
            found += 3.3 if japanese else 0.0
        elif "가" <= char <= "힣":
            found += 3.2 if len(char.encode("euc_kr", "ignore")) == 2 else -1.0
        elif "一" <= char <= "鿿":
            lead = char.encode(codec)[0]
            if lead in _COMMON_LEADS[codec]:
                found += 3.3 if char in _FREQUENT_HANZI else 3.1 if codec == "gb18030" and lead > 0xC8 else 2.6
            else:
                found -= 1.0
        elif "！" <= char <= "｠":
            found += 1.0
        else:
            found -= 1.0
    return found


def _letters(text: str, _codec: str) -> float:
    """How text in an alphabet reads; most of the letters of nearly every Latin one are in ASCII."""
    found = 0.0
    latin = 2 * sum(char.isalpha() for char in text if char < "\x80") > sum(char >= "\x80" for char in text)
    padded = f" {text} "
    for at, char in enumerate(text, 1):
        if char >= "\x80":
            found += _letter(padded[at - 1], char, padded[at + 1], latin=latin)
    return found


def _letter(before: str, char: str, after: str, *, latin: bool) -> float:
    if not char.isalpha() and not unicodedata.category(char).startswith("M"):
        if before.isalpha() and after.isalpha():
            return 0.0 if char in "’·" else -1.5
        if char in "¿¡" and after.isalpha():
            return 1.0
        return 0.6 if char in _SIGNS else -1.0
    script = _script(char)
    capital_within = char.isupper() and before.islower()
    if script == "LATIN":
        if not latin or capital_within or char in "ªºƒµ":
            return -1.0
        if char in "ðþý":  # Turkish in its own charset is far more common than Icelandic without a name
            return 0.3
        return 1.0 if (before < "\x80" and before.isalpha()) or after.isalpha() or char in "àÀéÉóÓ" else 0.2
    if latin and (before < "\x80" and before.isalpha()):
        return -1.0
    if script not in _FREQUENT or capital_within or (before.isalpha() and _script(before) != script):
        return -1.0
    if char.lower() in _FREQUENT[script]:
        return 1.0 if char.isupper() or latin else 1.5
    return 0.6 if char.isupper() or latin else 1.0


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ", 1)[0]
