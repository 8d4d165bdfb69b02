"""Phone numbers as carriers write them, and as we keep them: international ones with a plus."""

from collections.abc import Iterable

_LONGEST_SHORT_CODE = 8
_INTERNATIONAL = 1


class Numbers:
    """Knows our own numbers, however a carrier writes them."""

    def __init__(self, ours: Iterable[str]) -> None:
        self._ours = {number.removeprefix("+"): number for number in ours}

    def ours(self, number: str) -> str:
        """The number of ours that was texted to, as it is configured; another one as it came."""
        return self._ours.get(_bare(number), number)


def international(number: str, ton: int = 0) -> str:
    """A phone's number with its plus. One that is long and does not begin with 0 has all its digits, whether or not
    the carrier says so (``ton`` 1); short codes, and names in letters, stay as they are."""
    bare = _bare(number)
    if not (bare.isascii() and bare.isdigit()):
        return number
    if number.startswith(("+", "00")) or ton == _INTERNATIONAL:
        return f"+{bare}"
    return f"+{bare}" if len(bare) > _LONGEST_SHORT_CODE and not bare.startswith("0") else number


def _bare(number: str) -> str:
    return number.removeprefix("+") if not number.startswith("00") else number[2:]
