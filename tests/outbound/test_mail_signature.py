"""DKIM signatures, checked by a verifier with the public key as DNS would give it."""

import base64
import dataclasses
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # the package ships no py.typed
import pytest

from gateway.demo.mailbox import Mailbox
from gateway.domain.types import Channel, Outgoing, PostKind
from gateway.service.site import Site
from outbound.mail import MailTransport, OutboundMailSettings
from outbound.mail_signature import Signatures, UnusableKey, read_signer
from outbound.mail_text import render
from tests import node
from tests.outbound.letters import LETTERS
from tests.outbound.letters import SITE as LETTERS_SITE

SITE = Site(name="Townwire", public_url="https://town.example", mail_domain="mail.town.example", key=b"k" * 32)
POST = Outgoing(
    id=31,
    attempt=1,
    channel=Channel.EMAIL,
    to="bob@example.org",
    text="Grüße  \n.\n\ttea at four \n\n\n",
    queued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    author="alice",
    post_id=7,
    conversation_id=7,
    kind=PostKind.POST,
)


def openssl(arguments: str, folder: Path) -> bytes:
    return subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture(scope="session", params=["ed25519", "rsa", "rsa-traditional"])
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A private key's path, and the TXT record of its public key."""
    return made(request.param, tmp_path_factory.mktemp("dkim"))


def verifies(mail: bytes, record: bytes, *, selector: bytes = b"s1", at: int = 0) -> bool:
    """Whether the signature in this place, from the top, is good."""
    name = selector + b"._domainkey.mail.town.example."
    try:
        return bool(dkim.DKIM(mail).verify(idx=at, dnsfunc=lambda asked, timeout=5: record if asked == name else None))
    except dkim.DKIMException:
        return False


def made(kind: str, folder: Path) -> tuple[Path, bytes]:
    """A new key's path, and the TXT record of its public key."""
    folder.mkdir(exist_ok=True)
    match kind:
        case "ed25519":
            openssl("genpkey -algorithm ed25519 -out key.pem", folder)
        case "rsa":
            openssl("genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out key.pem", folder)
        case _:
            openssl("genrsa -traditional -out key.pem 2048", folder)
    public = openssl("pkey -in key.pem -pubout -outform DER", folder)
    value = public[-32:] if kind == "ed25519" else public
    kind = "ed25519" if kind == "ed25519" else "rsa"
    return folder / "key.pem", f"v=DKIM1; k={kind}; p={base64.b64encode(value).decode()}".encode()


def test_a_signed_mail_verifies_and_a_changed_one_does_not(key: tuple[Path, bytes]) -> None:
    path, record = key
    signed = read_signer(str(path), "s1", SITE.mail_domain).sign(render(POST, SITE))
    assert signed.endswith(render(POST, SITE))
    assert verifies(signed, record)
    assert not verifies(signed.replace(b"tea at four", b"tea at five"), record)
    for header in (b"Subject", b"To", b"Reply-To", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"List-Id"):
        changed = signed.replace(b"\n" + header + b": ", b"\n" + header + b": x", 1)
        assert changed != signed
        assert not verifies(changed, record)


@pytest.mark.parametrize(
    "header",
    ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"],
)
def test_nobody_adds_a_header_that_people_or_programs_go_by(key: tuple[Path, bytes], header: str) -> None:
    path, record = key
    signed = read_signer(str(path), "s1", SITE.mail_domain).sign(render(POST, SITE))
    added = f"{header}: <mallory@mail.town.example>\r\n".encode()
    assert verifies(signed, record)
    assert not verifies(added + signed, record)
    assert not verifies(signed.replace(b"\r\nTo: ", b"\r\n" + added + b"To: "), record)


VERIFIER = """
const {dkimVerify} = require("mailauth/lib/dkim/verify");
const {mails, records} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const missing = (name) => Promise.reject(Object.assign(new Error(name), {code: "ENOTFOUND"}));
const resolver = async (name) => records[name] ? [[records[name]]] : missing(name);
const found = mails.map(async (mail) => {
  const {results} = await dkimVerify(Buffer.from(mail, "base64"), {resolver});
  return results.map((each) => [each.selector, each.signingDomain, each.status.result]).sort();
});
Promise.all(found).then((all) => process.stdout.write(JSON.stringify(all)));
"""


def test_a_verifier_in_another_language_finds_both_signatures_good_on_every_kind_of_mail(tmp_path: Path) -> None:
    """What signs is dkimpy, and so is what verifies above: a fault of its own would not be seen."""
    rsa, ed25519 = made("rsa", tmp_path / "rsa"), made("ed25519", tmp_path / "ed25519")
    signers = [read_signer(str(rsa[0]), "s1", SITE.mail_domain), read_signer(str(ed25519[0]), "s2", SITE.mail_domain)]
    signed = [Signatures(signers).sign(render(each, LETTERS_SITE)) for each in LETTERS.values()]
    changed = signed[0].replace(b"Tea in the hall", b"Tea at the pub")
    assert changed != signed[0]
    given = {
        "mails": [base64.b64encode(each).decode() for each in (*signed, changed)],
        "records": {
            "s1._domainkey.mail.town.example": rsa[1].decode(),
            "s2._domainkey.mail.town.example": ed25519[1].decode(),
        },
    }
    *good, bad = node.run(VERIFIER, node.installed("mailauth"), given)
    both = [["s1", "mail.town.example", "pass"], ["s2", "mail.town.example", "pass"]]
    assert dict(zip(LETTERS, good, strict=True)) == dict.fromkeys(LETTERS, both)
    assert len(bad) == 2
    assert "pass" not in [result for _, _, result in bad]


def test_two_keys_make_two_signatures_that_are_both_good(tmp_path: Path) -> None:
    rsa, ed25519 = made("rsa", tmp_path / "rsa"), made("ed25519", tmp_path / "ed25519")
    signers = [read_signer(str(rsa[0]), "s1", SITE.mail_domain), read_signer(str(ed25519[0]), "s2", SITE.mail_domain)]
    signed = Signatures(signers).sign(render(POST, SITE))
    assert signed.endswith(render(POST, SITE))
    assert signed.lower().count(b"dkim-signature:") == 2
    assert verifies(signed, rsa[1], selector=b"s1", at=0)
    assert verifies(signed, ed25519[1], selector=b"s2", at=1)
    changed = signed.replace(b"tea at four", b"tea at five")
    assert not verifies(changed, rsa[1], selector=b"s1", at=0)
    assert not verifies(changed, ed25519[1], selector=b"s2", at=1)


async def test_both_signatures_survive_the_way_to_the_mailbox(tmp_path: Path) -> None:
    rsa, ed25519 = made("rsa", tmp_path / "rsa"), made("ed25519", tmp_path / "ed25519")
    async with Mailbox() as box:
        settings = OutboundMailSettings(
            port=box.port,
            dkim_key=str(rsa[0]),
            dkim_selector="s1",
            dkim_second_key=str(ed25519[0]),
            dkim_second_selector="s2",
        )
        wire = MailTransport(settings, SITE)
        await wire.send(POST)
        await wire.close()
    assert verifies(box.mails[0].raw, rsa[1], selector=b"s1", at=0)
    assert verifies(box.mails[0].raw, ed25519[1], selector=b"s2", at=1)


def test_a_notice_is_signed_too(key: tuple[Path, bytes]) -> None:
    path, record = key
    notice = dataclasses.replace(POST, post_id=None, kind=None, in_reply_to="<a@b.example>", subject="hi")
    assert verifies(read_signer(str(path), "s1", SITE.mail_domain).sign(render(notice, SITE)), record)


async def test_a_signature_survives_the_way_to_the_mailbox(key: tuple[Path, bytes]) -> None:
    path, record = key
    async with Mailbox() as box:
        settings = OutboundMailSettings(port=box.port, dkim_key=str(path), dkim_selector="s1")
        wire = MailTransport(settings, SITE)
        await wire.send(POST)
        await wire.close()
    assert verifies(box.mails[0].raw, record)


def test_a_key_that_cannot_sign_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for content in (b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        file.write_bytes(content)
        with pytest.raises(UnusableKey):
            read_signer(str(file), "s1", SITE.mail_domain)
    with pytest.raises(UnusableKey, match="cannot be read"):
        read_signer(str(tmp_path / "none.pem"), "s1", SITE.mail_domain)


def test_a_key_needs_a_selector(key: tuple[Path, bytes]) -> None:
    with pytest.raises(UnusableKey, match="selector"):
        read_signer(str(key[0]), "", SITE.mail_domain)
