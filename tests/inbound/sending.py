"""Domains that send mail: their keys, their signatures, and what DNS says of them."""

import asyncio
import base64
import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache

import dkim  # type: ignore[import-untyped]  # the package ships no py.typed
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dkim.canonicalization import CanonicalizationPolicy  # type: ignore[import-untyped]  # no py.typed
from nacl.signing import SigningKey

from inbound.trust.questions import Answer, Kind, Trouble

TROUBLE = "trouble"
"""In place of records: no name server answers."""

SIGNED = ("from", "to", "cc", "subject", "date", "message-id")

Records = Mapping[tuple[str, str], Sequence[str] | str]
"""What DNS says, by name and kind; one text is one record."""


@dataclass
class Zone:
    """A resolver that knows this and nothing else, and remembers what it was asked."""

    records: dict[tuple[str, str], Sequence[str] | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, records: Records) -> "Zone":
        self.records |= records
        return self

    async def __call__(self, name: str, kind: Kind) -> Answer | Trouble:
        await asyncio.sleep(0)
        self.asked.append(f"{kind} {name}")
        if (name, kind) in self.records:
            found = self.records[name, kind]
            if found == TROUBLE:
                return Trouble("no answer")
            return Answer((found,) if isinstance(found, str) else tuple(found))
        return Answer(exists=any(known == name or known.endswith(f".{name}") for known, _ in self.records))


class Silence:
    """A resolver that never answers; ``asked`` once it was."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, _name: str, _kind: Kind) -> Answer | Trouble:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


@dataclass(frozen=True)
class Sender:
    """A domain with an Ed25519 key of its own, and an RSA one that all share: making one takes a second."""

    domain: str
    selector: str = "s1"
    rsa: bool = False

    @property
    def records(self) -> Records:
        return {(f"{self.selector}._domainkey.{self.domain}", "TXT"): self.key_record}

    @property
    def key_record(self) -> str:
        if self.rsa:
            return f"v=DKIM1; k=rsa; p={base64.b64encode(rsa_key()[1]).decode()}"
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(self._key.verify_key)).decode()}"

    @property
    def _key(self) -> SigningKey:
        return SigningKey(self.domain.encode().ljust(32, b".")[:32])

    def sign(self, mail: bytes, *covers: str, length: bool = False, algorithm: bytes | None = None) -> bytes:
        """The mail with a DKIM signature over these fields on top."""
        signature: bytes = dkim.sign(
            mail,
            self.selector.encode(),
            self.domain.encode(),
            rsa_key()[0] if self.rsa else base64.b64encode(bytes(self._key)),
            signature_algorithm=algorithm or (b"rsa-sha256" if self.rsa else b"ed25519-sha256"),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[each.encode() for each in covers or present(mail)],
            length=length,
        )
        return signature + mail

    def sign_without_from(self, mail: bytes, *covers: str) -> bytes:
        """The mail with a good signature over these fields, which the package makes only when it is pressed to."""
        signer = dkim.DKIM(mail, signature_algorithm=b"ed25519-sha256")
        signer.hasher = hashlib.sha256
        how = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
        tags = [
            (b"v", b"1"),
            (b"a", b"ed25519-sha256"),
            (b"c", how.to_c_value()),
            (b"d", self.domain.encode()),
            (b"s", self.selector.encode()),
            (b"h", ":".join(covers).encode()),
            (b"bh", base64.b64encode(hashlib.sha256(how.canonicalize_body(signer.body)).digest())),
            (b"b", b"0" * 60),
        ]
        signature: bytes = signer.gen_header(
            tags, [each.encode() for each in covers], how, b"DKIM-Signature", self._key
        )
        return b"DKIM-Signature: " + signature + mail

    def verifies_as_such(self, mail: bytes) -> bool:
        """Whether the package alone would take the mail's uppermost signature."""
        return bool(dkim.verify(mail, dnsfunc=lambda *_, **__: self.key_record.encode()))

    def seal(self, mail: bytes, results: str, *covers: str) -> bytes:
        """The mail with an ARC set of this domain on top, which says that it found this out."""
        own = f"Authentication-Results: {self.domain}; {results}\r\n".encode() + mail
        chain = dkim.ARC(own).sign(
            self.selector.encode(),
            self.domain.encode(),
            rsa_key()[0],
            self.domain.encode(),
            include_headers=[each.encode() for each in covers or present(mail)],
        )
        assert chain
        return b"".join(chain) + mail


def present(mail: bytes) -> tuple[str, ...]:
    """The fields that are commonly signed, as far as the mail has them."""
    head = mail.partition(b"\r\n\r\n")[0].lower()
    return tuple(name for name in SIGNED if b"\r\n%s:" % name.encode() in b"\r\n" + head)


@cache
def rsa_key(bits: int = 1024) -> tuple[bytes, bytes]:
    """A private key in PEM, and the public one in DER."""
    private = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], check=True, capture_output=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, check=True, capture_output=True
    ).stdout
    return private, public


def written(
    *fields: str,
    sender: str = "alice@home.example",
    to: str = "post@birds.example",
    text: str = "Tea at four?",
    date: str = "",
) -> bytes:
    """A mail as people write them, with more fields on top."""
    head = [
        *fields,
        f"From: Alice <{sender}>",
        f"To: {to}",
        "Subject: tea",
        f"Date: {date or formatdate(localtime=True)}",
        "Message-ID: <1@home.example>",
    ]
    return ("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode()


class NameServer(asyncio.DatagramProtocol):
    """A real name server on loopback, over UDP. What stands for trouble is answered with SERVFAIL, and what is in
    ``silent`` not at all."""

    def __init__(self, records: Records, silent: frozenset[str] = frozenset()) -> None:
        self.zone = Zone(dict(records))
        self.silent = silent
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> "NameServer":
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        (question,) = asked.question
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.zone.asked.append(f"{kind} {name}")
        if name in self.silent:
            return
        reply = dns.message.make_response(asked)
        reply.flags |= dns.flags.RA
        found = self.zone.records.get((name, kind))
        if found == TROUBLE:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif found is not None:
            for record in [found] if isinstance(found, str) else found:
                text = _strings(record) if kind == "TXT" else record
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, text))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.zone.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(reply.to_wire(), addr)


def _strings(text: str) -> str:
    """A TXT record's text as DNS holds it: in strings of 255 octets at most."""
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
