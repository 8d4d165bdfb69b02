"""The public half of a DKIM key, as it is published in DNS (RFC 6376 3.6.1, RFC 8463 for Ed25519)."""

import base64
import re

from outbound.mail_signature import UnusableKey, ed25519_seed

_LONGEST_STRING = 255
"""Bytes of one string in a TXT record (RFC 1035 3.3.14)."""

_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
"""The algorithm of an RSA key in a SubjectPublicKeyInfo (RFC 3279 2.3.1)."""


def public_record(pem: bytes) -> str:
    """What belongs under ``SELECTOR._domainkey.DOMAIN``, from the private key. Raises UnusableKey."""
    try:
        seed = ed25519_seed(pem)
        if seed is not None:
            return f"v=DKIM1; k=ed25519; p={_base64(_ed25519_public(seed))}"
        return f"v=DKIM1; k=rsa; p={_base64(_rsa_public(pem))}"
    except Exception as error:  # the readers of keys raise whatever their libraries do
        raise UnusableKey(f"the DKIM key cannot be read: {type(error).__name__}") from error


def public_key(record: str) -> str | None:
    """The ``p=`` of a published record, without white space; None where there is none."""
    found = re.search(r"(?:^|;)\s*p\s*=([^;]*)", record)
    return None if found is None else re.sub(r"\s", "", found[1])


def in_strings(text: str) -> str:
    """As a zone file has it: strings of at most 255 bytes, each in quotes."""
    return " ".join(f'"{text[at : at + _LONGEST_STRING]}"' for at in range(0, len(text), _LONGEST_STRING))


def _ed25519_public(seed: bytes) -> bytes:
    from nacl.signing import SigningKey  # loaded where somebody asks

    return bytes(SigningKey(seed).verify_key)


def _rsa_public(pem: bytes) -> bytes:
    from dkim.crypto import parse_pem_private_key  # type: ignore[import-untyped]  # the package ships no py.typed

    key = parse_pem_private_key(pem)
    numbers = _tagged(0x30, _number(key["modulus"]) + _number(key["publicExponent"]))
    return _tagged(0x30, _RSA + _tagged(0x03, b"\0" + numbers))


def _number(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, content: bytes) -> bytes:
    """In DER (X.690 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    written = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(written)]) + written + content


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
