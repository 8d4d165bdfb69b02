"""Phone numbers and mail addresses that are not shown whole."""

import re

_PHONE = re.compile(r"(?<![\w.:-])\+\d{7,15}(?!\d)")
_MAIL = re.compile(
    r"(?<![A-Za-z0-9!#$%&'*/=?^_`{|}~.+-])([A-Za-z0-9!#$%&'*/=?^_`{|}~.+-]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)"
)


def mask_text(text: str) -> str:
    """``+15551234512`` as ``+1555…12`` and ``alice@example.com`` as ``a…@example.com``, wherever they stand."""
    if "+" in text:
        text = _PHONE.sub(lambda found: f"{found[0][:5]}…{found[0][-2:]}", text)
    if "@" in text:
        text = _MAIL.sub(lambda found: f"{found[1][0]}…@{found[2]}", text)
    return text


def masked(address: str) -> str:
    """One phone number or mail address, the same way, whatever is in it."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else f"{address[:5]}…{address[-2:]}"
