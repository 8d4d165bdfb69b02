"""A mail's bytes as text, in the charset that they are really in.

A label is believed as far as the bytes bear it out. Valid UTF-8 is UTF-8 whatever the label claims, except under the
encodings of East Asia, in which short words can look like it; an old name means what mail programs mean by it (the
WHATWG's table, the part that mail needs, and names that no table has); a few bad bytes do not spoil the rest. Where
the label is missing, unknown or plainly wrong, ``inbound.guess`` says what the bytes look like.

Nothing here raises for any bytes under any label. Labels are looked up in a table of our own and never in Python's
registry, which knows things that are no charsets (``idna``, ``unicode_escape``) and remembers every name it was asked.
"""

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

from inbound.guess import guess

_NOT_TEXT = frozenset({"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"})
_PYTHON_S_OWN = frozenset({"mbcs", "oem", "cp65001"})

_WIDER = {
    "ascii": "",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "koi8_r": "koi8_u",
    "iso2022_jp": "iso2022_jp_2",
    "iso2022_jp_1": "iso2022_jp_2",
    "iso2022_jp_ext": "iso2022_jp_2",
    "utf_8_sig": "utf_8",
}
"""What stands in for a codec, as it has all of its characters and some that are sent under its name."""

_NAMES = {
    "utf8mb4": "utf_8",
    "utf8mb3": "utf_8",
    "unicode11utf8": "utf_8",
    "unicode20utf8": "utf_8",
    "xunicode20utf8": "utf_8",
    "unicode11utf7": "utf_7",
    "xunicode20utf7": "utf_7",
    "unicode": "utf_16",
    "iso10646ucs2": "utf_16",
    "ucs2": "utf_16",
    "ucs4": "utf_32",
    "iso88591windows31latin1": "cp1252",
    "iso88592windowslatin2": "cp1250",
    "iso88596i": "iso8859_6",
    "iso88596e": "iso8859_6",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "logical": "iso8859_8",
    "visual": "iso8859_8",
    "dos720": "cp720",
    "dos862": "cp862",
    "dos866": "cp866",
    "windows874": "cp874",
    "windows31j": "cp932",
    "windows932": "cp932",
    "msoffice932": "cp932",
    "xmscp932": "cp932",
    "sjisopen": "cp932",
    "sjis": "cp932",
    "eucjpms": "euc_jp",
    "windows936": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "gb": "gb18030",
    "gb231280": "gb18030",
    "windows949": "cp949",
    "uhc": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "ksc56011992": "cp949",
    "windows950": "big5hkscs",
    "big5eten": "big5hkscs",
    "cnbig5": "big5hkscs",
    "xxbig5": "big5hkscs",
    "hzgb2312": "hz",
    "cp50220": "iso2022_jp_2",
    "cp50221": "iso2022_jp_2",
    "cp50222": "iso2022_jp_2",
    "koi8ru": "koi8_u",
    "koi": "koi8_u",
    "koi8": "koi8_u",
    "macintosh": "mac_roman",
    "macroman": "mac_roman",
    "mac": "mac_roman",
    "maccyrillic": "mac_cyrillic",
    "maccentraleurope": "mac_latin2",
    "macce": "mac_latin2",
}
"""Names that Python does not know, without anything but their letters and digits."""


def _squeezed(label: str) -> str:
    return "".join(char for char in label.lower() if char.isalnum() and char.isascii())


_KNOWN = {
    _squeezed(name): _WIDER.get(codec, codec)
    for name, codec in [*aliases.items(), *((codec, codec) for codec in aliases.values())]
    if codec not in _NOT_TEXT and codec not in _PYTHON_S_OWN
} | _NAMES
for _page in ("437", "720", "737", "850", "852", "855", "858", "866", "874", *map(str, range(1250, 1259))):
    for _maker in ("windows", "win", "ibm", "cp", "dos", "ansi", "microsoftcp", "mscp", "xcp"):
        _KNOWN.setdefault(_maker + _page, f"cp{_page}")

_SEVEN_BIT = frozenset({"iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_kr", "hz", "utf_7"})
_WIDE = frozenset({"utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"})
_PAIRS = frozenset({"gb18030", "cp949", "cp932", "euc_jp", "big5hkscs", "johab", "euc_jis_2004", "shift_jis_2004"})
_WESTERN = frozenset({"cp1252", "cp1250", "cp1254", "cp1257", "iso8859_2", "iso8859_15", "mac_roman", "cp850", "cp437"})
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)

_LABEL = re.compile(r"[\s\"'=<]*([A-Za-z0-9][\w.:+() -]{0,40})", re.ASCII)
_GLUED = re.compile(r"http-?equiv.*|content-?type.*|charset=", re.IGNORECASE)
_SHIFT = re.compile(rb"\x1b(\$[@AB]|\$\([CDQO]|\([BHIJ]|\.[AF]|N)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_LETTERS = re.compile(
    "[ -~\u00a0-\u06ff\u0900-\u0e7f\u1e00-\u1eff\u2010-\u2027\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff5e]"
)
_PAIR = re.compile(rb"[\xa1-\xfe]{2}")
_JAPANESE = re.compile(rb"\x1b\$[@B]")
_BEYOND_TWO = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_ACCENTED = re.compile(
    rb"[A-Za-z](?:[\xc3-\xc5][\x80-\xbf]){1,2}(?![\x80-\xff])|(?<![\x80-\xff])(?:[\xc3-\xc5][\x80-\xbf]){1,2}[A-Za-z]"
)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffc\ufffe\uffff]")

_LONGEST_LABEL = 100
_ENOUGH = 8  # bytes beyond ASCII before a Western label is held against what they look like


def decode(data: bytes, charset: str | None = None) -> str:
    """The text in ``data``, whose label is ``charset``: with ``\\n`` at the ends of lines, and nothing in it that a
    database could not hold."""
    codec = _codec(charset) if charset else ""
    if data.isascii() and b"\x1b" not in data and codec not in _SEVEN_BIT and codec not in _WIDE:
        return clean(data.decode("ascii"))
    return clean(_decoded(data, codec))


def clean(text: str) -> str:
    """``text`` with ``\\n`` at the ends of its lines and without what cannot be seen or stored."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _INVISIBLE.sub("", text)


def is_known(charset: str) -> bool:
    """Whether a label means anything."""
    return bool(_codec(charset))


def _codec(label: str) -> str:
    """The codec that a label means; empty for none, and for ASCII, which nobody writes down and means."""
    return _meant(label[:_LONGEST_LABEL])


@lru_cache(maxsize=256)
def _meant(label: str) -> str:
    found = _LABEL.match(_GLUED.sub("", label))
    if found is None:
        return ""
    name = _squeezed(found.group(1))
    for known in (name, name.removeprefix("x"), name.removeprefix("cs")):
        if known in _KNOWN:
            return _KNOWN[known]
    return ""


def _decoded(data: bytes, codec: str) -> str:
    for mark, marked in _MARKS:
        if data.startswith(mark) and (marked == "utf_8" or codec in _WIDE or codec == "" or b"\0" in data):
            return data[len(mark) :].decode(marked, "replace")
    if codec in _WIDE or data.count(b"\0") > len(data) // 4:
        wide = _as_wide(data, codec)
        if wide is not None:
            return wide
    if codec in _SEVEN_BIT or _JAPANESE.search(data):
        found = _strictly(data, codec) if codec in _SEVEN_BIT else None
        if found is not None:
            return found
        if b"\x1b" in data:
            return _shifted(data)
    return _eight_bit(data, codec)


def _eight_bit(data: bytes, codec: str) -> str:
    unicode = _strictly(data, "utf_8")
    if unicode is not None:
        other = _strictly(data, codec) if codec in _PAIRS and not _surely_utf8(data) else None
        return unicode if other is None else other
    found = _strictly(data, codec)
    if found is not None and not (codec in _WESTERN and _reads_badly(data)):
        return found
    mended = _mended(data) if codec in {"", "utf_8"} or found is None else None
    if mended is not None:
        return mended
    if found is None and codec in _PAIRS:
        found = _with_few_faults(data, codec)
    if found is None or codec in _WESTERN:
        better = guess(data)
        if better is not None and (found is None or better not in _WESTERN):
            return data.decode(better, "replace")
    return data.decode("cp1252", "replace") if found is None else found


def _strictly(data: bytes, codec: str) -> str | None:
    if not codec:
        return None
    try:
        return data.decode(codec)
    except (ValueError, LookupError):  # UnicodeDecodeError is a ValueError
        return _euc_jp(data) if codec == "euc_jp" else None


def _surely_utf8(data: bytes) -> bool:
    """Whether valid UTF-8 is nothing else, be it labelled as it will: it has characters of three bytes, or single
    accented letters in words. Two Chinese or Korean characters of two bytes each may pass for two Cyrillic letters."""
    return bool(_BEYOND_TWO.search(data)) or bool(_ACCENTED.search(data))


def _reads_badly(data: bytes) -> bool:
    """Whether this cannot be a Western text: most of their letters are in ASCII."""
    high = sum(byte > 0x9F for byte in data[:2000])
    return high >= _ENOUGH and high > 2 * sum(chr(byte).isalpha() for byte in data[:2000] if byte < 128)


def _mended(data: bytes) -> str | None:
    """UTF-8 with some bytes among it that are not, as when a footer in another charset was put under it; None if it
    is not UTF-8 for the most part."""
    text = data.decode("utf_8", "surrogateescape")
    strays = sum("\udc80" <= char <= "\udcff" for char in text)
    if strays * 3 > sum(char > "\x7f" for char in text):
        return None
    return re.sub(
        "[\udc80-\udcff]+", lambda run: run.group().encode("utf_8", "surrogateescape").decode("cp1252", "replace"), text
    )


def _with_few_faults(data: bytes, codec: str) -> str | None:
    text = data.decode(codec, "replace")
    return text if 10 * text.count("\ufffd") <= sum(char > "\x7f" for char in text) else None


def _as_wide(data: bytes, codec: str) -> str | None:
    """UTF-16 and UTF-32 without a mark; None if it cannot be that. Which byte comes first shows in the zeros, or else
    in which way it reads better."""
    if data.isascii() and not _CONTROL.search(data):
        return None
    width, tries = 2, ["utf_16_be", "utf_16_le"]
    if codec.startswith("utf_32") or data[:3] == b"\0\0\0" or data[1:4] == b"\0\0\0":
        width, tries = 4, ["utf_32_be", "utf_32_le"]
    whole = data[: len(data) // width * width]
    zeros = whole[0::2].count(0) - whole[1::2].count(0)
    if zeros and width == 2:
        tries = tries[:1] if zeros > 0 else tries[1:]
    texts = [whole.decode(each, "replace") for each in ([codec] if codec in tries else tries)]
    best = max(texts, key=lambda text: len(_LETTERS.findall(text[:1000])))
    return best if 20 * best.count("\ufffd") <= len(best) else None


def _shifted(data: bytes) -> str:
    """ISO-2022 as mail programs write it, beyond the standards: NEC's and IBM's characters, half-width katakana, 8-bit
    bytes, a shift back that is missing at a line's end."""
    pieces = _SHIFT.split(data)
    text = [_plain(pieces[0])]
    for shift, words in zip(pieces[1::2], pieces[2::2], strict=True):
        inside, end, rest = words.partition(b"\n")
        match shift:
            case b"$@" | b"$B" | b"$(O" | b"$(Q":
                text.append(_as_sjis(inside).decode("cp932", "replace"))
            case b"$A":
                text.append(_raised(inside).decode("gb18030", "replace"))
            case b"$(C":
                text.append(_raised(inside).decode("cp949", "replace"))
            case b"$(D":
                text.append(_PAIR.sub(lambda pair: b"\x8f" + pair.group(), _raised(inside)).decode("euc_jp", "replace"))
            case b"(I":
                text.append(_raised(inside).decode("cp932", "replace"))
            case _:
                text.append(_plain(inside))
        text.append(_plain(end + rest))
    return "".join(text)


def _plain(words: bytes) -> str:
    return words.decode("ascii" if words.isascii() else "cp932", "replace")


def _raised(words: bytes) -> bytes:
    return bytes(byte | 0x80 if byte > 0x20 else byte for byte in words)


def _as_sjis(words: bytes) -> bytes:
    """Pairs of JIS X 0208, be it with the eighth bit or without, as Shift_JIS has them: its codec alone knows the rows
    that NEC and IBM put there."""
    return _PAIR.sub(_to_sjis, _raised(words))


def _to_sjis(pair: "re.Match[bytes]") -> bytes:
    row, cell = (byte - 0xA0 for byte in pair.group()[-2:])
    lead = (row + 1) // 2 + (0x80 if row < 63 else 0xC0)
    if row % 2 == 0:
        return bytes([lead, cell + 0x9E])
    return bytes([lead, cell + (0x3F if cell < 64 else 0x40)])


def _euc_jp(data: bytes) -> str | None:
    """EUC-JP with the rows that NEC and IBM put there."""
    try:
        return re.sub(rb"\x8e([\xa1-\xdf])|[\xa1-\xfe]{2}", _kana_or_pair, data).decode("cp932")
    except ValueError:
        return None


def _kana_or_pair(found: "re.Match[bytes]") -> bytes:
    return found.group(1) or _to_sjis(found)
