"""QR codes that make a phone write a text to us: ``SMSTO:NUMBER:WORDS``, as phones have read it since there are such
codes (ZXing's "Barcode Contents").
"""

from io import BytesIO
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from segno import QRCode

_SCALE, _BORDER = 4, 2


def as_file(number: str, words: str) -> bytes:
    """An SVG by itself: a text of these words to this number."""
    body = BytesIO()
    _made(number, words).save(body, kind="svg", scale=_SCALE, border=_BORDER, xmldecl=False)
    return body.getvalue()


def in_page(number: str, words: str) -> Markup:
    """The same as a piece of a page, for words that may stand in no address, since addresses are written down."""
    return Markup(_made(number, words).svg_inline(border=_BORDER, omitsize=True))  # noqa: S704  # shapes alone, no words


def _made(number: str, words: str) -> "QRCode":
    import segno  # only now: few ask for one

    return segno.make(f"SMSTO:{number}:{words}", error="m")
