"""Signed mail is read; of encrypted mail it is known that it is."""

import base64
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.mime import Letter
from inbound.sealed import Opened, Sealed, opened, unframed
from tests.inbound.mails import letter

INSIDE = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "Grüße, signed\r\n".encode()
)
DATA, SIGNED, ENVELOPED, COMPRESSED, AUTHENTICATED = (
    bytes.fromhex(digits)
    for digits in (
        "2a864886f70d010701",
        "2a864886f70d010702",
        "2a864886f70d010703",
        "2a864886f70d0109100109",
        "2a864886f70d0109100117",
    )
)


def ber(tag: int, *content: bytes, length: str = "short") -> bytes:
    """A piece of BER, its length given in full, or ended by a mark."""
    held = b"".join(content)
    if length == "marked":
        return bytes([tag, 0x80]) + held + b"\0\0"
    if length == "long" or len(held) > 127:
        size = len(held).to_bytes(4, "big")
        return bytes([tag, 0x84]) + size + held
    return bytes([tag, len(held)]) + held


def cms(kind: bytes, held: bytes, length: str = "short") -> bytes:
    return ber(0x30, ber(0x06, kind), ber(0xA0, held, length=length), length=length)


def signed(octets: bytes, length: str = "short") -> bytes:
    inside = ber(0x30, ber(0x06, DATA), ber(0xA0, octets, length=length), length=length)
    return cms(
        SIGNED, ber(0x30, ber(0x02, b"\1"), ber(0x31, ber(0x30)), inside, ber(0x31, ber(0x30)), length=length), length
    )


def smime(data: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m") -> Letter:
    head = f"Subject: hi\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n"
    return letter(head.encode() + base64.encodebytes(data))


@pytest.mark.parametrize("length", ["short", "long", "marked"])
def test_what_was_signed_is_found_however_its_lengths_are_written(length: str) -> None:
    assert opened(signed(ber(0x04, INSIDE), length)) == Opened(INSIDE)
    pieces = ber(0x24, ber(0x04, INSIDE[:10]), ber(0x04, INSIDE[10:]), length=length)
    assert opened(signed(pieces, length)) == Opened(INSIDE)


def test_a_mail_within_a_signature_is_read_as_a_mail() -> None:
    assert smime(signed(ber(0x04, INSIDE))) == Letter("Grüße, signed", "hi", "", 0)
    for kind in ("application/x-pkcs7-mime", "application/octet-stream; name=smime.p7m"):
        assert smime(signed(ber(0x04, INSIDE)), kind).text == "Grüße, signed"
    twice = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(
        signed(ber(0x04, INSIDE))
    )
    assert smime(signed(ber(0x04, twice))).text == "Grüße, signed"


@pytest.mark.parametrize("kind", [ENVELOPED, AUTHENTICATED])
def test_an_encrypted_mail_is_known_and_has_no_words(kind: bytes) -> None:
    data = cms(kind, ber(0x30, ber(0x02, b"\0")))
    assert opened(data) == Sealed()
    found = smime(data, "application/pkcs7-mime; smime-type=enveloped-data")
    assert found.sealed
    assert found.text == ""
    within = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(
        data
    )
    assert smime(signed(ber(0x04, within))).sealed


def test_a_compressed_mail_is_read_and_does_not_burst() -> None:
    def compressed(content: bytes) -> bytes:
        inside = ber(0x30, ber(0x06, DATA), ber(0xA0, ber(0x04, zlib.compress(content))))
        return cms(COMPRESSED, ber(0x30, ber(0x02, b"\0"), ber(0x30), inside))

    assert smime(compressed(INSIDE)).text == "Grüße, signed"
    bomb = opened(compressed(b"a" * 100_000_000))
    assert isinstance(bomb, Opened)
    assert len(bomb.content) == 256 * 1024


def attached(data: bytes, name: str, kind: str = "application/pkcs7-mime") -> Letter:
    """A mail with some words, and a file beside them."""
    held = base64.encodebytes(data).decode()
    return letter(
        "Subject: hi\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nHere is the invoice.\n--m\n"
        f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{held}\n--m--\n"
    )


@pytest.mark.parametrize("held", [b"%PDF-1.7 IBAN IT60", b"<?xml version='1.0'?><Importo>4711</Importo>", INSIDE])
@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/octet-stream"])
def test_a_signed_file_is_an_attachment_and_none_of_it_is_published(held: bytes, kind: str) -> None:
    found = attached(signed(ber(0x04, held)), "fattura.pdf.p7m", kind)
    assert found == Letter("Here is the invoice.", "hi", "", 1)


def test_what_is_signed_but_no_mail_is_an_attachment() -> None:
    assert smime(signed(ber(0x04, b"%PDF-1.7 IBAN IT60"))) == Letter("hi", "hi", "", 1)


def test_an_encrypted_file_beside_words_hides_nothing_of_them() -> None:
    data = cms(ENVELOPED, ber(0x30, ber(0x02, b"\0")))
    assert attached(data, "geheim.p7m") == Letter("Here is the invoice.", "hi", "", 1)


def test_certificates_alone_are_no_words_and_no_attachment() -> None:
    nothing = ber(0x30, ber(0x06, DATA))
    data = cms(SIGNED, ber(0x30, ber(0x02, b"\1"), ber(0x31), nothing, ber(0xA0, b"certificates")))
    assert opened(data) == Opened(b"")
    assert smime(data) == Letter("hi", "hi", "", 0)


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x30\x80", b"nothing of the kind", bytes(100), b"\x30\x84\xff\xff\xff\xff\x06\x01"]
)
def test_what_is_something_else_is_an_attachment(data: bytes) -> None:
    assert opened(data) is None
    assert smime(data or b"x").dropped == 1


@given(st.binary(max_size=80), st.integers(0, 120), st.sampled_from(["short", "long", "marked"]))
def test_broken_structures_never_make_the_reader_fail(noise: bytes, at: int, length: str) -> None:
    whole = signed(ber(0x24, ber(0x04, INSIDE[:50]), ber(0x04, INSIDE[50:]), length=length), length)
    opened(whole[:at] + noise + whole[at:])
    opened(whole[:at])
    opened(noise)
    opened(b"\x30\x80" * 5_000 + noise)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_what_openssl_signs_is_read_and_what_it_encrypts_is_known(tmp_path: Path) -> None:
    def openssl(*arguments: str) -> bytes:
        return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, check=True).stdout

    (tmp_path / "mail").write_bytes(INSIDE)
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=alice")
    openssl(*new, "-keyout", "key", "-out", "cert")
    sign = ("cms", "-sign", "-in", "mail", "-signer", "cert", "-inkey", "key")
    for how in ((), ("-nodetach",), ("-nodetach", "-stream"), ("-nodetach", "-nosmimecap", "-md", "sha512")):
        assert letter(openssl(*sign, *how)).text == "Grüße, signed"
    for how in (("-aes256",), ("-aes-128-gcm",)):
        assert letter(openssl("cms", "-encrypt", "-in", "mail", *how, "cert")).sealed


CLEARSIGNED = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSee you at noon.\n\n- -- \nBob\n\n- - milk\n"
    "-----BEGIN PGP SIGNATURE-----\n\niHUEARYIAB0\n=abcd\n-----END PGP SIGNATURE-----\n"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CLEARSIGNED, "See you at noon.\n\n-- \nBob\n\n- milk\n\n"),
        (f"before\n{CLEARSIGNED}after", "before\nSee you at noon.\n\n-- \nBob\n\n- milk\n\nafter"),
        ("mine\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n", "mine\n\n"),
        ("mine\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n", "mine\n"),
        ("no frame at all", "no frame at all"),
        ("-----BEGIN PGP NONSENSE-----\nx", "-----BEGIN PGP NONSENSE-----\nx"),
    ],
)
def test_a_text_signed_within_itself_is_taken_out_of_its_frame(text: str, words: str) -> None:
    assert unframed(text) == words


def test_a_mail_signed_within_itself_is_its_words() -> None:
    assert letter(f"Subject: hi\n\n{CLEARSIGNED.replace('- -- ', '- --')}").text == "See you at noon."
    quoted = "\n".join(f"> {line}" for line in CLEARSIGNED.splitlines())
    assert letter(f"Subject: Re: hi\n\nYes.\n\nOn 22/11/2026 10:15, bob wrote:\n{quoted}\n").text == "Yes."


SEALED_TEXT = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n"


@pytest.mark.parametrize(
    "raw",
    [
        f"Subject: hi\n\n{SEALED_TEXT}",
        f"Subject: hi\n\nHello,\n{SEALED_TEXT}",
        f"Subject: hi\nContent-Type: application/pgp; x-action=encrypt; format=text\n\n{SEALED_TEXT}",
        'Subject: ...\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e\n\n--e\n'
        "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--e\nContent-Type: application/octet-stream; "
        "name=a.asc\n\n"
        f"{SEALED_TEXT}\n--e--\n",
        "Subject: ...\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nThis mail came from outside.\n--m\n"
        "Content-Type: multipart/encrypted; boundary=e\n\n--e\n\nx\n--e--\n--m--\n",
        "Subject: hi\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: "
        "application/pgp-encrypted\n\nVersion: 1\n"
        "--m\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--m--\n",
        "Subject: hi\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nbroken",
        "Subject: hi\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nRead the protected "
        "message.\n--m\nContent-Type: "
        "application/x-microsoft-rpmsg-message; name=message_v2.rpmsg\n\nx\n--m--\n",
    ],
    ids=["text", "in a text", "old", "mime", "with a footer", "garbled by exchange", "smime", "rights"],
)
def test_every_kind_of_encrypted_mail_is_known_and_nothing_of_it_is_words(raw: str) -> None:
    found = letter(raw)
    assert found.sealed
    assert found.text == ""


def test_an_encrypted_mail_that_is_only_quoted_or_attached_is_no_encrypted_mail() -> None:
    quoted = "\n".join(f"> {line}" for line in SEALED_TEXT.splitlines())
    assert letter(f"Subject: hi\n\nI cannot read this:\n\n{quoted}\n") == Letter(
        "I cannot read this:", "hi", "", 0, cut=quoted.replace("> \n", ">\n")
    )
    forwarded = letter(
        "Subject: hi\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nNor this.\n--m\nContent-Type: "
        "message/rfc822\n\n"
        "Content-Type: multipart/encrypted; boundary=e\n\n--e\n\nx\n--e--\n--m--\n"
    )
    assert forwarded == Letter("Nor this.", "hi", "", 1)


def test_signed_parts_are_read_and_their_signatures_are_no_attachments() -> None:
    for protocol in ("pkcs7-signature", "x-pkcs7-signature", "pgp-signature"):
        raw = (
            f'Content-Type: multipart/signed; protocol="application/{protocol}"; boundary=s\n\n--s\n'
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n"
            f"--s\nContent-Type: application/{protocol}; name=smime.p7s\nContent-Transfer-Encoding: base64\n"
            "Content-Disposition: attachment; filename=smime.p7s\n\nMIIB\n--s--\n"
        )
        assert letter(raw) == Letter("Grüße", "", "", 0)
