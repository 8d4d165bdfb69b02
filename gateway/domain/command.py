"""What a message asks for: the table of commands, read.

A message is a command only when the whole of it fits a form of the table; everything else is a post. Case, space at
both ends and one final ``.`` or ``!`` don't matter, runs of white space are one space, ``@`` may stand before a name.
The text that a command carries keeps its own spacing and line breaks.
"""

import re
import unicodedata

from gateway.domain import opt_out, reaction
from gateway.domain.argument import Reader, either, named, tagged_or_group, without_end
from gateway.domain.command_table import TABLE, CommandForm
from gateway.domain.text import is_blank, normalise
from gateway.domain.wish import (
    Choice,
    Code,
    Command,
    Direct,
    Empty,
    Help,
    No,
    Post,
    React,
    Start,
    Stop,
    StopKey,
    StopName,
    Yes,
)

_KEYWORDS = {words.casefold(): row.read("") for row in TABLE if row.keyword for words in row.words}
_KEYWORDS |= {f"{words}?": meaning for words, meaning in _KEYWORDS.items() if isinstance(meaning, Help)}
_LONGEST_KEYWORD = 40
_ORNAMENTS = " \t\n.!\"'`´“”„‘’‚«»‹›()[]{}<>*_~"
_PRIVATE = re.compile(
    r"(dm?|m)(?:[:;,./]+\s+(?=\S)|[:;,./]?(?=[@＠])|[:;,](?=\w)|(?:(?<=d)|(?<=dm))[./](?=[a-z0-9_]{3}))", re.IGNORECASE
)
_ANSWER = re.compile(r"(r|reply)[:;]\s*(?=\S)", re.IGNORECASE)
_QUOTES = "\"'`´“”„‘’‚«»‹›"
_NO = frozenset({"n", "no"})
_STOP_NAME = frozenset({"stop", "unsubscribe"})
_LEFT: Reader[Command] = either(named(StopName), tagged_or_group(StopKey))
_BEFORE_STOP = re.compile(r"(?:pin\s+)?[0-9]+[:;,.]?\s+", re.IGNORECASE)
_NEVER_PUBLIC = frozenset({"d", "dm"})
_BY_WORD: dict[str, list[CommandForm]] = {}
for _form in TABLE:
    for _words in _form.words:
        _BY_WORD.setdefault(_words.casefold(), []).append(_form)


_BY_PHONE = No | Choice | StopName | StopKey | React
"""What is meant so by text alone."""


def parse(text: str) -> Command:
    """What a message asks for. Takes any string, never raises; the time it takes is linear in the length."""
    text = normalise(text)
    if is_blank(text):
        return Empty()
    if len(text) <= _LONGEST_KEYWORD and (keyword := _KEYWORDS.get(_unadorned(text))):
        return keyword
    if opt_out.is_request(text):
        return Stop()
    said = text
    seen = reaction.read(text)
    if seen is not None and seen.sure:
        return React(seen)
    if text[0] in _QUOTES and _is_private(bare := text.strip(_QUOTES)):
        said = bare
    first, *rest = said.split(maxsplit=1)
    if opening := _PRIVATE.match(said) or _ANSWER.match(said):
        first, rest = opening[1], [said[opening.end() :]]
    elif first[0] == "!":
        first, rest = "!group", [text]
    elif not rest:
        first = without_end(first)
        if 4 <= len(first) <= 8 and first.isdecimal() and first.isascii():
            return Code(first)
        if len(first) == 1 and first in "123456789":
            return Choice(int(first))
        if first.casefold() in _NO:
            return No()
    for form in _BY_WORD.get(first.casefold(), ()):
        if command := form.read(rest[0] if rest else ""):
            return command
    if rest and first.casefold() in _NEVER_PUBLIC:
        name, *rest = rest[0].split(maxsplit=1)
        return Direct(name.lstrip("@＠").lower() or name, rest[0] if rest else "")
    if rest and first.casefold() in _STOP_NAME and "\n" not in text and (left := _LEFT(rest[0])):
        return left
    return Post(text) if seen is None else React(seen)


def parse_mail(text: str) -> Command:
    """What a mail asks for: as ``parse``, but where the whole is a post, its first line may be a command with an empty
    line after it; greetings follow. YES and Y are no commands there: so begins many an honest answer. N, a digit,
    STOP with a name, a tag or a group and a reaction are none at all: they are about what came to a phone."""
    whole = parse(text)
    if isinstance(whole, _BY_PHONE):
        whole = Post(normalise(text))
    lines = normalise(text).split("\n", 2)
    if len(lines) < 3 or lines[1].strip() or not isinstance(whole, Post):
        return whole
    command = parse(lines[0])
    return whole if isinstance(command, Post | Code | Empty | Start | Yes | _BY_PHONE) else command


def stop_behind_pin(text: str) -> str | None:
    """The words of a STOP that comes behind digits as a PIN does (``4821 STOP``, ``PIN 4821 stop texting me``), else
    None. Whether the digits are anybody's PIN does not matter: STOP needs none."""
    text = normalise(text)
    before = _BEFORE_STOP.match(text)
    words = text[before.end() :] if before else ""
    return words if isinstance(parse(words), Stop) else None


def _is_private(text: str) -> bool:
    """Whether it begins as what must never be posted does."""
    first, *rest = text.split(maxsplit=1) or [""]
    return (bool(rest) and first.casefold() in _NEVER_PUBLIC) or _PRIVATE.match(text) is not None


def _unadorned(text: str) -> str:
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(text.strip(_ORNAMENTS).casefold().split())
