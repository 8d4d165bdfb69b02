"""``birdwire mail test``: a real mail by the configured way, and what is told of it."""

import asyncio
import re
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.demo.mailbox import Mailbox
from tests.dns_server import Records, names
from tests.outbound.relays import Script, make_certificate
from tests.outbound.test_mail import tls_relay
from tests.wiring import free_port


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def tried(address: str = "bob@example.org", **keys: object) -> Result:
    """The command, run as its own program would be; ``keys`` of [mail.outbound]."""
    environ = {f"BIRDWIRE_MAIL__OUTBOUND__{name.upper()}": str(value) for name, value in keys.items()}
    environ |= {"BIRDWIRE_CONFIG": "", "BIRDWIRE_MAIL__DOMAIN": "birds.example", "BIRDWIRE_SITE__NAME": "Testville"}
    return await asyncio.to_thread(CliRunner().invoke, main, ["mail", "test", address], env=environ)


def steps(result: Result) -> list[str]:
    return [line.split("  ")[0] for line in result.stdout.splitlines()]


async def test_a_mail_is_sent_and_every_step_told() -> None:
    async with Mailbox() as box:
        result = await tried(port=box.port)
    assert result.exit_code == 0, result.output
    assert steps(result) == ["trying", "connected", "in the clear", "offered", "accepted"]
    assert result.stdout.splitlines()[-1].endswith("250 2.0.0 Kept as 1")
    (mail,) = box.mails
    assert mail.recipients == ("bob@example.org",)
    assert mail.message["From"] == "help@birds.example"
    assert re.fullmatch(r"bounce\+[a-z2-7]{27}@birds\.example", mail.sender)  # as the return path of every mail is
    assert mail.subject == "A test from Testville"
    assert mail.message["Auto-Submitted"] == "auto-generated"


async def test_tls_and_login_are_told(certificate: Path) -> None:
    login = {"username": "birdwire", "password": "secret", "tls_ca": certificate / "cert.pem"}
    async with tls_relay(certificate, at_once=False) as port:
        well = await tried(port=port, tls="starttls", **login)
        bad = await tried(port=port, tls="starttls", **(login | {"password": "wrong"}))
        unknown = await tried(port=port, tls="starttls", username="birdwire", password="secret")
    assert well.exit_code == 0, well.output
    assert steps(well) == ["trying", "connected", "secured", "logged in", "offered", "accepted"]
    assert "TLSv1." in well.stdout
    assert "as birdwire" in well.stdout
    assert "secret" not in well.output
    assert bad.exit_code == unknown.exit_code == 1
    assert "not sent, for now: 127.0.0.1 refuses our login (535)" in bad.stderr
    assert "not sent, for now: 127.0.0.1 has no good certificate" in unknown.stderr


@pytest.mark.parametrize(
    ("verb", "reply", "said"),
    [
        ("RCPT", "550 5.1.1 no such user", "not sent, for good: 550 5.1.1 no such user"),
        ("RCPT", "451 4.7.1 greylisted", "not sent, for now: 451 4.7.1 greylisted"),
        ("MAIL", "530 5.7.0 log in first", "not sent, for good: 530 5.7.0 log in first"),
        ("END", "554 5.7.1 spam", "not sent, for good: 554 5.7.1 spam"),
        ("GREETING", "554 5.7.1 we do not know you", "not sent, for now: 127.0.0.1 turns us away: 554 5.7.1 we do"),
        ("DATA", "CUT", "not sent, for now: 127.0.0.1 hung up"),
    ],
)
async def test_a_refusal_is_told_with_its_reason(verb: str, reply: str, said: str) -> None:
    async with Script(**{verb: [reply]}) as relay:
        result = await tried(port=relay.port)
    assert result.exit_code == 1
    assert said in result.stderr


async def test_nobody_there_is_told() -> None:
    result = await tried(port=free_port())
    assert result.exit_code == 1
    assert "127.0.0.1 cannot be reached: nothing listens there" in result.stderr


async def test_what_is_no_address_is_told() -> None:
    result = await tried("bob")
    assert result.exit_code == 1
    assert "this is not a mail address" in result.stderr


async def test_the_next_relay_is_tried_when_one_fails() -> None:
    async with Mailbox() as box:
        hosts = {f"relays__{index}__host": "127.0.0.1" for index in range(2)}
        result = await tried(**hosts, relays__0__port=free_port(), relays__1__port=box.port)
    assert result.exit_code == 0, result.output
    assert steps(result)[:3] == ["trying", "failed", "trying"]
    assert len(box.mails) == 1


async def test_the_way_straight_to_a_domain_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    records: Records = {
        "a.example": {"MX": ["10 mx.a.example."]},
        "mx.a.example": {"A": ["127.0.0.1"]},
        "none.example": {"MX": ["0 ."]},
    }
    async with Mailbox() as box, names(records) as (_, resolver):
        monkeypatch.setattr("gateway.cli_mail.system_resolver", lambda: resolver)
        well = await tried("bob@a.example", route="mx", port=box.port)
        none = await tried("bob@none.example", route="mx")
        gone = await tried("bob@gone.example", route="mx")
    assert well.exit_code == 0, well.output
    assert "10 mx.a.example (127.0.0.1)" in well.stdout
    assert steps(well) == ["found", "trying", "connected", "in the clear", "offered", "accepted"]
    assert "not sent, for good: none.example takes no mail" in none.stderr
    assert "not sent, for good: nobody takes mail for gone.example: there is no such domain" in gone.stderr


async def test_a_mail_in_any_script_and_signed(tmp_path: Path) -> None:
    key = tmp_path / "dkim.pem"
    await asyncio.to_thread(_make_key, key)
    async with Mailbox() as box:
        result = await tried("jürgen@münchen.example", port=box.port, dkim_key=key, dkim_selector="s1")
        assert result.exit_code == 0, result.output
        bad = await tried(port=box.port, dkim_key=tmp_path / "none.pem", dkim_selector="s1")
    assert steps(result)[0] == "signed"
    (mail,) = box.mails
    assert mail.recipients == ("jürgen@xn--mnchen-3ya.example",)
    read = message_from_bytes(mail.raw, policy=policy.SMTPUTF8)
    assert read["DKIM-Signature"]
    assert bad.exit_code == 1
    assert "cannot be read" in bad.stderr


def _make_key(path: Path) -> None:
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", path], check=True, capture_output=True)
