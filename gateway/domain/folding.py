"""The words of a text as they are searched for and tracked: without case and accents, whatever the writing.

The database keeps them folded and compares them as they are, so both databases find the same, and what SEARCH finds is
what TRACK delivers. A word is a run of letters, digits and the marks on them. There is no stemming.
"""

import re
import unicodedata

LONGEST = 140
"""Characters of a word; what is longer is cut."""

MOST = 1_000
"""Words of one text that count."""

_ASCII_WORD = re.compile("[0-9a-z]+")


def fold(text: str) -> list[str]:
    """The words of a text, folded, in order, each once. Takes any text, in linear time."""
    folded = text.lower() if text.isascii() else _without_accents(text)
    found = dict.fromkeys(word[:LONGEST] for word in _words(folded))
    return list(found)[:MOST]


def one_word(text: str) -> str | None:
    """The folded word, if that is all that the text has."""
    found = fold(text)
    return found[0] if len(found) == 1 else None


def _words(folded: str) -> list[str]:
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    spaced = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)
    return [word for word in "".join(spaced).split() if any(c.isalnum() for c in word)]


def _without_accents(text: str) -> str:
    """Compatible forms made one, accents and points off; vowels and tones that are marks in their script stay."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if not _is_accent(c)))


def _is_accent(c: str) -> bool:
    """Whether the mark only colours the letter before it: it has the combining class of an accent, or of a point of
    Hebrew or Arabic. Below 10 are marks that make another letter, from 36 to 199 vowels and tones, as in Thai."""
    placed = unicodedata.combining(c)
    return 10 <= placed < 36 or placed >= 200
