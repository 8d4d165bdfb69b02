"""``text/enriched`` (RFC 1896) and the older ``text/richtext`` (RFC 1341) as plain text."""

import re

from inbound.quotes import NOT_THEIRS

_TOKEN = re.compile(r"(<<|</?[A-Za-z0-9-]{1,60}>)")
_HIDDEN = frozenset({"param", "comment"})
_BREAKS = {"<nl>": "\n", "<np>": "\n\n", "</paragraph>": "\n\n", "<lt>": "<", "<<": "<"}
_LINE_ENDS = re.compile(r"\n+")


def to_text(source: str) -> str:
    """The words, and what was quoted marked line by line as not the person's own."""
    richtext = "<nl>" in source.lower()
    open_tags: dict[str, int] = {}
    said: list[str] = []
    for token in _TOKEN.split(source):
        tag = token.lower()
        if not _TOKEN.fullmatch(token):
            if not any(open_tags.get(each) for each in _HIDDEN):
                said.append(_words(token, open_tags, richtext=richtext))
        elif tag in _BREAKS:
            said.append(_BREAKS[tag])
        else:
            name = tag.strip("</>")
            open_tags[name] = max(0, open_tags.get(name, 0) + (-1 if tag.startswith("</") else 1))
            said.append("\n" if name == "excerpt" else "")
    return "".join(said).strip()


def _words(text: str, open_tags: dict[str, int], *, richtext: bool) -> str:
    if not open_tags.get("nofill"):
        text = _LINE_ENDS.sub(lambda ends: " " if richtext or len(ends[0]) == 1 else "\n" * (len(ends[0]) - 1), text)
    if not open_tags.get("excerpt"):
        return text
    return "\n".join(f"{NOT_THEIRS}{line.strip()}" if line.strip() else "" for line in text.split("\n"))
