"""Authentication-Results (RFC 8601): what another mail server found out about a mail, and what it says for its author.

    mx.example.org 1; spf=pass smtp.mailfrom=alice@example.org; dkim=pass (good) header.d=example.org

A field that is not written as the RFC has it says nothing at all: some of its values were chosen by whoever sent the
mail, and a server that does not quote them well must not be read as that person would like.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inbound.trust.domains import a_label
from inbound.trust.questions import Trouble

_LONGEST = 16_000
_KEYWORD = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_VALUE = r"\"(?:[^\"\\]|\\.)*\"(?:@[^\s;\"]+)?|[^\s;\"]+"
_ID = re.compile(rf"({_VALUE})(?:\s+\d+)?")
_NAME = re.compile(rf"\s*({_VALUE})(?=[\s;(]|$)")
_METHOD = re.compile(rf"({_KEYWORD})(?:\s*/\s*\d+)?\s*=\s*({_KEYWORD})(?=\s|$)")
_REASON = re.compile(rf"\s+(?:reason|action)\s*=\s*(?:{_VALUE})(?=\s|$)")  # the second is Microsoft's
_PROPERTY = re.compile(rf"\s+({_KEYWORD})\s*\.\s*({_KEYWORD})\s*=\s*({_VALUE})(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Result:
    """What one method found: ``pass``, ``fail``, ``none``, ... ``properties`` as in ``header.d``."""

    method: str
    result: str
    properties: Mapping[str, str]

    def domain(self, name: str) -> str | None:
        """The domain in one of its properties, which may be an address; None if there is none."""
        value = self.properties.get(name, "")
        return a_label(value.rpartition("@")[2])


@dataclass(frozen=True, slots=True)
class Results:
    """``server`` is the authserv-id: who says so."""

    server: str
    found: Sequence[Result]


def read(text: str) -> Results | None:
    """The value of such a field, on one line; None if it is not written as it should be."""
    bare = None if len(text) > _LONGEST else _without_comments(text)
    if bare is None:
        return None
    first, *rest = (part.strip() for part in _parts(bare))
    server = _ID.fullmatch(first)
    if server is None:
        return None
    found = [_result(part) for part in rest if part and part.lower() != "none"]
    good = [each for each in found if each is not None]
    return Results(_unquoted(server[1]), good) if len(good) == len(found) else None


def server_of(text: str) -> str:
    """The name that such a field begins with, however the rest is written; empty if it begins otherwise."""
    name = _NAME.match(text)
    return _unquoted(name[1]) if name else ""


def speaks_for(results: Results, domain: str, aligned: Callable[[str, str], bool]) -> bool | Trouble:
    """Whether these results say that a mail is from ``domain``.

    A pass of DMARC does. Where DMARC found no policy, a pass of DKIM or SPF does for a domain that is ``aligned``; and
    where nobody looked for one, for the very same domain alone, as the policy might want it.
    """
    verdicts = [each for each in results.found if each.method == "dmarc"]
    if len(verdicts) > 1:
        return False
    no_policy = False
    for verdict in verdicts:
        about = verdict.properties.get("header.from")
        if about is not None and verdict.domain("header.from") != domain:
            return False
        match verdict.result:
            case "pass":
                return True
            case "temperror":
                return Trouble("DMARC")
            case "none":
                no_policy = True
            case _:
                return False
    trouble = False
    for each in results.found:
        match each.method:
            case "dkim":
                about = each.domain("header.d") or each.domain("header.i")
            case "spf":
                about = each.domain("smtp.mailfrom")
            case _:
                continue
        if about is None or not (about == domain or (no_policy and aligned(about, domain))):
            continue
        if each.result == "pass":
            return True
        trouble = trouble or each.result == "temperror"
    return Trouble("SPF or DKIM") if trouble else False


def passed(results: Results, method: str, *about: str) -> frozenset[str]:
    """The domains for which a method passed, as the first of these properties that is there names them."""
    found = (each for each in results.found if (each.method, each.result) == (method, "pass"))
    named = (next((domain for name in about if (domain := each.domain(name))), None) for each in found)
    return frozenset(domain for domain in named if domain)


def _result(part: str) -> Result | None:
    method = _METHOD.match(part)
    if method is None:
        return None
    at = method.end()
    if reason := _REASON.match(part, at):
        at = reason.end()
    properties: dict[str, str] = {}
    while found := _PROPERTY.match(part, at):
        properties.setdefault(f"{found[1]}.{found[2]}".lower(), _unquoted(found[3]))
        at = found.end()
    return Result(method[1].lower(), method[2].lower(), properties) if not part[at:].strip() else None


def _without_comments(text: str) -> str | None:
    """The text with each comment, and those within it, as a space; None if quotes or comments do not end."""
    out, depth, quoted, at = "", 0, False, 0
    while at < len(text):
        c = text[at]
        pair = text[at : at + 2] if c == "\\" and (quoted or depth) else c
        at += len(pair)
        if c == "\\" and (quoted or depth):
            out += "" if depth else pair
        elif c == '"' and not depth:
            quoted = not quoted
            out += c
        elif c == "(" and not quoted:
            depth += 1
        elif c == ")" and depth:
            depth -= 1
            out += "" if depth else " "
        elif not depth:
            out += c
    return None if quoted or depth else out


def _parts(text: str) -> list[str]:
    """Cut at the semicolons that are not within quotes."""
    parts, quoted, begun, at = [], False, 0, 0
    while at < len(text):
        c = text[at]
        if c == "\\" and quoted:
            at += 1
        elif c == '"':
            quoted = not quoted
        elif c == ";" and not quoted:
            parts.append(text[begun:at])
            begun = at + 1
        at += 1
    return [*parts, text[begun:]]


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    quoted, _, after = value[1:].rpartition('"')
    return re.sub(r"\\(.)", r"\1", quoted) + after
