"""Signs mails with DKIM (RFC 6376), with an RSA key, an Ed25519 one (RFC 8463), or one of each.

Not every receiver knows Ed25519 yet. Whoever has both keys gets two signatures, each under a selector of its own, and
receivers take whichever they can check (RFC 8463 3).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path

_SEALED = (
    *(b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"in-reply-to", b"references"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"mime-version", b"content-type"),
)
"""Signed once more than they are there: a second one of these, or the first where there was none, breaks the signature,
so that nobody adds another sender, subject or way to unsubscribe to what we signed (RFC 6376 5.4.2)."""

SIGNED = (*_SEALED, *_SEALED, b"cc", b"feedback-id", b"auto-submitted", b"content-transfer-encoding")
"""The headers under the signature; the two of one-click unsubscription must be (RFC 8058 4)."""

_PKCS8 = re.compile(rb"-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", re.DOTALL)
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")
_SEED = 32


class UnusableKey(ValueError):
    """The configured DKIM key cannot be read or cannot sign."""


class Signer:
    """Puts a signature of ``domain`` on top of a mail; the public key is in DNS under ``selector``."""

    def __init__(self, pem: bytes, selector: str, domain: str) -> None:
        """``pem`` is an RSA or Ed25519 private key (PKCS 8, or PKCS 1 for RSA). Raises UnusableKey."""
        if not selector:
            raise UnusableKey("a DKIM key needs a selector")
        seed = _ed25519_seed(pem)
        self._algorithm = b"ed25519-sha256" if seed else b"rsa-sha256"
        self._key = base64.b64encode(seed) if seed else pem
        self._selector, self._domain = selector.encode(), domain.encode("idna")
        try:
            self.sign(b"From: <a@b.example>\r\n\r\n\r\n")
        except Exception as error:
            raise UnusableKey(f"the DKIM key cannot sign: {type(error).__name__}") from error

    def sign(self, mail: bytes) -> bytes:
        """The mail with its DKIM-Signature header."""
        return self.signature(mail) + mail

    def signature(self, mail: bytes) -> bytes:
        """The DKIM-Signature header alone."""
        # Loaded where there is a key: it brings DNS and elliptic curves, 7 MB.
        import dkim  # type: ignore[import-untyped]  # the package ships no py.typed

        signature: bytes = dkim.sign(
            mail,
            self._selector,
            self._domain,
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=self._algorithm,
            include_headers=list(SIGNED),
        )
        return signature


class Signatures:
    """Several signers, whose signatures stand on top of each other; none of them covers another's."""

    def __init__(self, signers: Sequence[Signer]) -> None:
        self._signers = signers

    def sign(self, mail: bytes) -> bytes:
        """The mail with a DKIM-Signature header of each."""
        return b"".join((*(signer.signature(mail) for signer in self._signers), mail))


def read_signer(path: str, selector: str, domain: str) -> Signer:
    """The signer with the key in a file. Raises UnusableKey."""
    try:
        pem = Path(path).read_bytes()
    except OSError as error:
        raise UnusableKey(f"the DKIM key {path} cannot be read: {error.strerror}") from error
    return Signer(pem, selector, domain)


def _ed25519_seed(pem: bytes) -> bytes | None:
    """The 32 bytes of an Ed25519 key in PKCS 8; None for another kind of key."""
    block = _PKCS8.search(pem)
    if block is None:
        return None
    try:
        der = base64.b64decode(b"".join(block[1].split()), validate=True)
    except binascii.Error:
        return None
    return der[len(_ED25519) :] if der.startswith(_ED25519) and len(der) == len(_ED25519) + _SEED else None
