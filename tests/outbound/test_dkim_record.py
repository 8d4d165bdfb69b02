"""The public half of a DKIM key: what openssl makes of it, and what a verifier does with it."""

import base64
import re
import subprocess
from pathlib import Path

import dkim
import pytest

from outbound.dkim_record import in_strings, public_key, public_record
from outbound.mail_signature import Signer, UnusableKey

KINDS = {
    "rsa 1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "rsa 2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa 4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "ed25519": ["-algorithm", "ED25519"],
}


def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout


@pytest.fixture(params=KINDS)
def pem(request: pytest.FixtureRequest) -> bytes:
    return openssl("genpkey", *KINDS[request.param])


def test_the_record_has_the_key_that_openssl_finds(pem: bytes) -> None:
    der = openssl("pkey", "-pubout", "-outform", "DER", given=pem)
    key = public_key(public_record(pem))
    assert key is not None
    assert base64.b64decode(key) == (der if len(der) > 100 else der[-32:])


def test_an_older_form_of_rsa_key_has_the_same_record() -> None:
    pem = openssl("genpkey", *KINDS["rsa 2048"])
    assert public_record(openssl("rsa", "-traditional", given=pem)) == public_record(pem)


def test_what_is_signed_with_the_key_is_verified_with_the_record(pem: bytes) -> None:
    record = public_record(pem).encode()
    signed = Signer(pem, "s1", "town.example").sign(b"From: a@town.example\r\nSubject: x\r\n\r\nhello\r\n")
    assert dkim.verify(signed, dnsfunc=lambda name, **_: record if name == b"s1._domainkey.town.example." else b"")


def test_a_long_record_is_written_in_strings_of_255_bytes() -> None:
    record = public_record(openssl("genpkey", *KINDS["rsa 4096"]))
    strings = re.findall(r'"([^"]*)"', in_strings(record))
    assert "".join(strings) == record
    assert [len(string) for string in strings[:-1]] == [255] * (len(strings) - 1)
    assert 0 < len(strings[-1]) <= 255


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ("v=DKIM1; k=rsa; p=AB CD\tEF", "ABCDEF"),
        ("p=", ""),
        ("v=DKIM1;p=AB;s=email", "AB"),
        ("v=DKIM1; np=AB", None),
        ("", None),
    ],
)
def test_the_key_of_a_published_record_is_found(record: str, key: str | None) -> None:
    assert public_key(record) == key


@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", b"\xff"]
)
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(UnusableKey):
        public_record(pem)
