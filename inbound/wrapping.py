"""Lines that a program broke, joined again: by the rules of ``format=flowed``, or as the same words stand elsewhere."""

import re
from itertools import pairwise

_MAY_BREAK = 50
_MUST_BREAK = 100
_QUOTED = re.compile(r"^ {0,3}>")


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Paragraphs of a ``format=flowed`` text on one line each (RFC 3676)."""
    lines: list[str] = []
    open_at = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:]
        words = words.removeprefix(" ")
        signature = words == "-- "
        flowing = words.endswith(" ") and not signature
        if flowing and delete_space:
            words = words[:-1]
        if open_at == depth and not signature:
            lines[-1] += words
        else:
            lines.append("> " * depth + words)
        open_at = depth if flowing else -1
    return "\n".join(lines)


def looks_wrapped(text: str) -> bool:
    """Whether some line may have been broken by the program rather than by the person."""
    lines = text.split("\n")
    return any(_MAY_BREAK <= len(line) <= _MUST_BREAK and after.strip() for line, after in pairwise(lines))


def unwrap_like(text: str, twin: str) -> str:
    """Join the lines of ``text`` that stand on one line in ``twin``, the same words from the mail's HTML."""
    whole = {" ".join(line.split()) for line in twin.split("\n")}
    model = "\n".join(whole)
    lines: list[str] = []
    last = ""
    for line in text.split("\n"):
        seam = f"{' '.join(last.split()[-3:])} {' '.join(line.split()[:3])}"
        if lines and len(last) >= _MAY_BREAK and line.strip() and not _QUOTED.match(line) and seam in model:
            lines[-1] = f"{lines[-1].rstrip()} {line.lstrip()}"
        else:
            lines.append(line)
        last = line
    return "\n".join(lines)
