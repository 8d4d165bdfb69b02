"""RTF as plain text, as far as mail has it: what Outlook sends in a ``winmail.dat``, compressed or not.

From Microsoft's "Rich Text Format Specification", and "[MS-OXRTFCP]: Rich Text Format (RTF) Compression Algorithm".
Nothing here raises for any bytes, and nothing takes long.
"""

import re

from inbound.charsets import decode

_MAX_RTF = 256 * 1024
_MOST = 100_000  # characters
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|[^\\{}\r\n]+", re.DOTALL
)
_NOT_TEXT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header headerl headerr footer footerl footerr listtable "
    b"listoverridetable rsidtbl generator themedata colorschememapping datastore latentstyles xmlnstbl fldinst "
    b"footnote annotation bkmkstart bkmkend objdata filetbl revtbl".split()
)
_SAID = {
    b"par": "\n",
    b"line": "\n",
    b"row": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"tab": "\t",
    b"cell": " ",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
_SIGNS = {b"~": "\xa0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}

_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096


def to_text(source: bytes) -> str:
    """The words of an RTF document."""
    reader = _Reader()
    for token in _TOKEN.finditer(source[:_MAX_RTF]):
        reader.read(token)
    return reader.words()


class _Reader:
    """Takes an RTF document token by token."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._octets = bytearray()
        self._charset = "cp1252"
        self._groups: list[tuple[bool, int]] = []
        self._hidden = False
        self._stand_ins = 1  # characters after each in Unicode, for readers that know none
        self._passed_over = 0  # of them that are still to come

    def words(self) -> str:
        self._say("")
        text = "".join(self._said).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text[:_MOST].strip()

    def read(self, token: "re.Match[bytes]") -> None:
        word, number, octet, sign, brace = token.groups()
        if brace == b"{":
            self._groups.append((self._hidden, self._stand_ins))
        elif brace:
            self._hidden, self._stand_ins = self._groups.pop() if self._groups else (False, 1)
        elif word:
            self._obey(word, int(number) if number else None)
        elif sign == b"*":
            self._hidden = True
        elif self._hidden:
            return
        elif sign:
            self._say(_SIGNS.get(sign, ""))
        elif octet:
            self._octet(bytes.fromhex(octet.decode()))
        else:
            self._octet(token.group().strip(b"\r\n"))

    def _obey(self, word: bytes, value: int | None) -> None:
        if word in _NOT_TEXT:
            self._hidden = True
        elif word == b"ansicpg" and value:
            self._charset = f"cp{value}"
        elif word == b"uc":
            self._stand_ins = min(max(value or 0, 0), 8)
        elif not self._hidden and word == b"u" and value is not None:
            self._say(chr(value % 0x10000))
            self._passed_over = self._stand_ins
        elif not self._hidden and word in _SAID:
            self._say(_SAID[word])

    def _octet(self, octets: bytes) -> None:
        self._octets += octets[self._passed_over :]
        self._passed_over = max(0, self._passed_over - len(octets))

    def _say(self, words: str) -> None:
        if self._octets:
            self._said.append(decode(bytes(self._octets), self._charset))
            self._octets.clear()
        self._said.append(words)


def decompressed(data: bytes) -> bytes:
    """The document in a ``PR_RTF_COMPRESSED``; what can be read of it if it is broken or cut off."""
    if data[8:12] == b"MELA":
        return data[16 : 16 + _MAX_RTF]
    if data[8:12] != b"LZFu":
        return b""
    window = bytearray(_BEGINNING.ljust(_WINDOW, b"\0"))
    found = bytearray()
    write, at = len(_BEGINNING), 16
    while at < len(data) and len(found) < _MAX_RTF:
        control = data[at]
        at += 1
        for bit in range(8):
            copied = control >> bit & 1
            if at + copied >= len(data):
                return bytes(found)
            place = data[at] << 4 | data[at + 1] >> 4 if copied else 0
            if copied and place == write % _WINDOW:
                return bytes(found)
            for each in range((data[at + 1] & 15) + 2 if copied else 1):
                octet = window[(place + each) % _WINDOW] if copied else data[at]
                window[write % _WINDOW] = octet
                found.append(octet)
                write += 1
            at += 1 + copied
    return bytes(found)
