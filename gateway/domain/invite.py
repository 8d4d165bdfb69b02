"""The codes of invitations: ten letters and digits in two halves, such as ``k7qm2-xrp4t``, that no words look like and
that nobody mistakes for others when they are read out or typed from paper."""

import re

_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
"""Without vowels, so that no code is a word and no word a code; without what looks alike."""

_HALF = 5
_CODE = re.compile(rf"([{_ALPHABET}]{{{_HALF}}})[ -]?([{_ALPHABET}]{{{_HALF}}})")

CODES = len(_ALPHABET) ** (2 * _HALF)
"""How many codes there are: 47 bits."""


def code_of(number: int) -> str:
    """The code for a number that was drawn from ``range(CODES)`` so that nobody can guess it."""
    letters = []
    for _ in range(2 * _HALF):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return f"{''.join(letters[:_HALF])}-{''.join(letters[_HALF:])}"


def read(typed: str) -> str | None:
    """A code as somebody typed it, in any case, its halves together or apart, as :func:`code_of` writes it; None when
    it is none."""
    found = _CODE.fullmatch(typed.strip().lower())
    return f"{found[1]}-{found[2]}" if found else None
