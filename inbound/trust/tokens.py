"""The pieces of a line of addresses (RFC 5322 3.4), read so strictly that nobody reads them otherwise."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ATOM = re.compile(r"[^\s<>()\[\],;:\\\"]+")


class Token(NamedTuple):
    """``kind`` is word, quoted, comment, angle, list (what only lists and groups have), or unclear."""

    kind: str
    text: str


def tokens_of(text: str) -> Iterator[Token]:
    """The pieces of such a line, up to the first that is unclear."""
    at = 0
    while at < len(text):
        match text[at]:
            case " " | "\t":
                at += 1
            case '"':
                inside, at = _until_closed(text, at, '"')
                yield Token("quoted" if at else "unclear", inside)
            case "(":
                inside, at = _until_closed(text, at, ")")
                yield Token("comment" if at else "unclear", inside)
            case "<":
                end = text.find(">", at)
                yield Token("unclear" if end < 0 else "angle", text[at + 1 : end].strip(" \t"))
                at = end + 1
            case "," | ";" | ":":
                yield Token("list", text[at])
                at += 1
            case _:
                word = _ATOM.match(text, at)
                yield Token("word", word[0]) if word else Token("unclear", text[at])
                at = word.end() if word else 0
        if at == 0:
            return


def _until_closed(text: str, start: int, end: str) -> tuple[str, int]:
    """What stands between a quote's or comment's ends, quoted pairs resolved, and where the rest begins; 0 if it does
    not end. Comments may have comments in them."""
    depth, inside, at = 0, "", start
    while at < len(text):
        c = text[at]
        if c == "\\" and at > start and at + 1 < len(text):
            inside += text[at + 1]
            at += 2
            continue
        if end == ")" and c == "(":
            depth += 1
        elif c == end and at > start:
            depth -= 1
            if depth <= 0:
                return inside, at + 1
        elif at > start:
            inside += c
        at += 1
    return inside, 0
