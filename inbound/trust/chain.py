"""ARC (RFC 8617): what somebody who passed the mail on, and whom the operator trusts, had found out about it.

A chain of seals says who had the mail, and what each of them found when it came to them. Anybody can make one: it
counts only from the newest seal down, as long as the seals are of domains that the configuration names.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from inbound.trust import results, signatures
from inbound.trust.head import Field
from inbound.trust.questions import Questions, Trouble
from inbound.trust.signatures import Signature, key_of, tags_of

_MOST = 10
"""Seals of one mail; RFC 8617 4.2.1 allows 50."""

_INSTANCE = re.compile(rb"\s*i\s*=\s*(\d{1,3})\s*;")
_INTO_RESULTS = re.compile(r"i\s*=\s*\d+\s*;")


@dataclass(frozen=True, slots=True)
class _Seal:
    """Whose it is, and where its key stands."""

    domain: str
    name: str


async def vouches(
    questions: Questions,
    content: bytes,
    fields: Sequence[Field],
    trusted: Collection[str],
    domain: str,
    counts: Callable[[Signature], bool],
    aligned: Callable[[str, str], bool],
) -> Signature | Trouble | None:
    """What somebody trusted (lower-case domains) signed, who found that the mail is from ``domain``; None if nobody
    did. ``counts`` is whether a signature shows that the mail was written to us, and lately."""
    seals, message = _read(fields)
    believed = 0
    while believed < len(seals) and seals[-1 - believed].domain in trusted:
        believed += 1
    if message is None or not believed or message.domain != seals[-1].domain:
        return None
    if not counts(message):
        return None
    keys: dict[str, bytes] = {}
    for name in dict.fromkeys([message.name, *(seal.name for seal in seals)]):
        match await key_of(questions, name):
            case Trouble() as trouble:
                return trouble
            case bytes() as key:
                keys[name] = key
            case None:
                return None
    sets = await asyncio.to_thread(signatures.verify_chain, content, keys)
    for each in sets[:believed]:
        text = bytes(each["aar-value"]).decode("utf-8", "replace").strip()
        found = results.read(_INTO_RESULTS.sub("", text, count=1))
        if found is not None and await asyncio.to_thread(results.speaks_for, found, domain, aligned) is True:
            return message
    return None


def _read(fields: Sequence[Field]) -> tuple[list[_Seal], Signature | None]:
    """The seals, the oldest first, and the newest signature over the mail itself; nothing where any set lacks a part
    or has one twice."""
    seals: dict[int, _Seal] = {}
    messages: dict[int, Signature] = {}
    found_results: set[int] = set()
    of_messages = {each.index: each for each in signatures.read(fields, "arc-message-signature")}
    met = 0
    for field in fields:
        if field.name not in ("arc-seal", "arc-message-signature", "arc-authentication-results"):
            continue
        number = _number(field)
        if field.name == "arc-authentication-results":
            known = number in found_results
            found_results.add(number)
        elif field.name == "arc-seal":
            known = number in seals
            seal = _seal(field)
            if seal is None:
                return [], None
            seals[number] = seal
        else:
            known = number in messages
            if met in of_messages:
                messages[number] = of_messages[met]
            met += 1
        if known or not 1 <= number <= _MOST:
            return [], None
    if not seals or sorted(seals) != list(range(1, len(seals) + 1)) or found_results != set(seals):
        return [], None
    return [seals[number] for number in sorted(seals)], messages.get(len(seals))


def _number(field: Field) -> int:
    """The number of the set that a field is of; 0 if it says none."""
    if field.name == "arc-authentication-results":
        found = _INSTANCE.match(field.value)
        return int(found[1]) if found else 0
    tags = tags_of(field.value)
    written = b"" if tags is None else tags.get(b"i", b"")
    return int(written) if written.isdigit() and len(written) <= 3 else 0


def _seal(field: Field) -> _Seal | None:
    tags = tags_of(field.value) or {}
    domain, selector = (tags.get(tag, b"").decode("ascii", "replace").lower() for tag in (b"d", b"s"))
    return _Seal(domain, f"{selector}._domainkey.{domain}") if domain and selector else None
