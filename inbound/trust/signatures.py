"""DKIM signatures (RFC 6376, 8301, 8463): which are worth a look, and whether they hold.

Verifying is ``dkimpy``'s, told which keys there are: the names under which these stand in DNS are in the signatures, so
they are asked for first. What the package lets pass is looked at here before:

    a signature that does not cover From                      RFC 6376 5.4
    one over a part of the body (``l=``), and one over SHA-1  RFC 6376 8.2; RFC 8301 3.1
    keys that are too short, or so large that they cost us    RFC 8301 3.2
    long runs of spaces, over which its patterns take the square of their length, and millions of short ones, at which
    nothing else in this process runs for seconds
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from inbound.trust.head import Field
from inbound.trust.questions import Questions, Trouble

log = structlog.get_logger(__name__)

_MOST = 5
"""Signatures of one mail that are looked at, the uppermost first."""

_LONGEST = 4096
"""Bytes of a signature, and characters of a key's record."""

_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
_SELECTOR = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})
_SHORTEST_KEY, _LARGEST_KEY = 1024, 8192  # bits
_LARGEST_EXPONENT = 2**32
_WHITE = re.compile(rb"\s+")
_RUNS = re.compile(rb"[ \t]{64,}")
_MOST_RUNS = 50_000_000
"""The squares of the lengths of all longer runs of spaces, added up: a twentieth of a second."""

_MOST_SPACES = 2_000_000
"""A novel has a quarter of that; what is attached has none, as it comes in base64."""


@dataclass(frozen=True, slots=True)
class Signature:
    """``index`` is its place among those of the mail; ``covers`` has the fields under it, in lower case, each as often
    as it is covered; ``name`` is where its key stands in DNS, ``digest`` that of the signature itself."""

    index: int
    domain: str
    selector: str
    covers: tuple[str, ...]
    digest: str = ""

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


def read(fields: Sequence[Field], name: str = "dkim-signature") -> list[Signature]:
    """Those that may hold, from top to bottom."""
    values = [field.value for field in fields if field.name == name]
    found = (_read(index, value) for index, value in enumerate(values))
    return [signature for signature in found if signature is not None]


def all_by(fields: Sequence[Field], is_meant: Callable[[str], bool]) -> list[Signature] | None:
    """All by a domain (lower-case) that is meant; None if one of these is of a kind that counts for nothing."""
    found: list[Signature] = []
    for index, value in enumerate(field.value for field in fields if field.name == "dkim-signature"):
        tags = tags_of(value)
        if tags is None or not is_meant(tags.get(b"d", b"").decode("ascii", "replace").lower()):
            continue
        signature = _read(index, value)
        if signature is None:
            return None
        found.append(signature)
    return found


def _read(index: int, value: bytes) -> Signature | None:
    tags = tags_of(value)
    if tags is None or tags.get(b"a") not in _ALGORITHMS or b"l" in tags:
        return None
    domain, selector = (tags.get(tag, b"").decode("ascii", "replace").lower() for tag in (b"d", b"s"))
    covers = tuple(part.strip().decode("ascii", "replace").lower() for part in tags.get(b"h", b"").split(b":"))
    if "from" not in covers or not _DOMAIN.fullmatch(domain) or not _SELECTOR.fullmatch(selector):
        return None
    return Signature(index, domain, selector, covers, hashlib.sha256(_bytes_of(tags.get(b"b", b""))).hexdigest())


def _bytes_of(written: bytes) -> bytes:
    """A signature as it is verified. Its last letter has bits to spare, which anybody could change."""
    bare = _WHITE.sub(b"", written).rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except ValueError:
        return bare  # then it does not hold


def tags_of(value: bytes) -> dict[bytes, bytes] | None:
    """A list of tags (RFC 6376 3.2); None if it is none."""
    from dkim.util import InvalidTagValueList, parse_tag_value  # type: ignore[import-untyped]  # no py.typed

    if len(value) > _LONGEST:
        return None
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except (InvalidTagValueList, IndexError):
        return None
    return tags


class Verifier:
    """Looks at the signatures of one mail."""

    def __init__(self, questions: Questions, content: bytes) -> None:
        self._questions = questions
        self._content = content
        self._looked_at = 0

    async def holds(self, signature: Signature) -> bool | Trouble:
        """Whether the mail is as it was when this was put on it, by whoever holds the key in DNS."""
        if self._looked_at == _MOST:
            return False
        self._looked_at += 1
        key = await key_of(self._questions, signature.name)
        if not isinstance(key, bytes):
            return False if key is None else key
        return await asyncio.to_thread(_verify, self._content, signature.index, key)


async def key_of(questions: Questions, name: str) -> bytes | Trouble | None:
    """The record of the key there; None if there is none that can be used."""
    answer = await questions.ask(name, "TXT")
    if isinstance(answer, Trouble):
        return answer
    keys = [record for record in answer.records if "p=" in record]
    if len(keys) != 1 or len(keys[0]) > _LONGEST or not keys[0].isascii():
        return None
    return await asyncio.to_thread(_usable, keys[0].encode("ascii"))


def _usable(record: bytes) -> bytes | None:
    from dkim.crypto import parse_public_key  # type: ignore[import-untyped]  # no py.typed

    tags = tags_of(record)
    if tags is None:
        return None
    if tags.get(b"k", b"rsa") != b"rsa":
        return record
    try:
        key = parse_public_key(base64.b64decode(tags[b"p"]))
        bits, exponent = key["modulus"].bit_length(), key["publicExponent"]
    except Exception as error:  # the package's reader of keys trips over whatever is none
        log.info("dkim.no_key", error=type(error).__name__)
        return None
    return record if _SHORTEST_KEY <= bits <= _LARGEST_KEY and 1 < exponent <= _LARGEST_EXPONENT else None


def _verify(content: bytes, index: int, key: bytes) -> bool:
    import dkim  # type: ignore[import-untyped]  # the package ships no py.typed

    if is_costly(content):
        return False
    try:
        return bool(dkim.DKIM(content).verify(index, dnsfunc=lambda *_, **__: key))
    except Exception as error:  # it has exceptions of its own, and the interpreter's for what it did not expect
        log.info("dkim.does_not_hold", error=type(error).__name__)
        return False


def verify_chain(content: bytes, keys: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What ``dkimpy`` says of each set of an ARC chain (RFC 8617), the newest first; nothing unless the chain holds.
    ``keys`` are the records by name."""
    import dkim

    def key(name: bytes, **_: object) -> bytes:
        return keys.get(name.decode("ascii", "replace").lower().removesuffix("."), b"")

    if is_costly(content):
        return []
    try:
        verdict, sets, _ = dkim.ARC(content).verify(key)
    except Exception as error:  # as above
        log.info("arc.does_not_hold", error=type(error).__name__)
        return []
    return list(sets) if verdict == dkim.CV_Pass else []


def is_costly(content: bytes) -> bool:
    """Whether verifying would take longer than any honest mail can ask for."""
    if content.count(b" ") + content.count(b"\t") > _MOST_SPACES:
        return True
    total = 0
    for run in _RUNS.finditer(content):
        total += (run.end() - run.start()) ** 2
        if total > _MOST_RUNS:
            return True
    return False
