"""``birdwire check``: what it finds in a world that is well, and in one that is not."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli_check import LOOKS, look_at_everything
from gateway.config import Config, load
from gateway.demo.carrier import Carrier
from gateway.demo.mailbox import Mailbox
from gateway.finding import Finding, Level
from store.unit import Store
from store.version import upgrade
from tests.wiring import free_port

SID, TOKEN = "AC" + "0" * 32, "t" * 32


@pytest.fixture
def configured(tmp_path):
    """A configuration whose ports are free; more keys as environment variables."""

    def configure(**more: str) -> Config:
        ports = {f"BIRDWIRE_{door}__PORT": str(free_port()) for door in ("WEB", "OPS", "MAIL__INBOUND")}
        return load(None, {"BIRDWIRE_STORE__URL": f"sqlite:///{tmp_path / 'birdwire.db'}", **ports, **more})

    return configure


def about(findings: list[Finding], what: str) -> Finding:
    (found,) = [finding for finding in findings if finding.what == what]
    return found


async def test_a_world_that_is_well_has_nothing_to_mend(configured, tmp_path):
    async with Carrier(account_sid=SID, auth_token=TOKEN) as carrier, Mailbox() as box:
        config = configured(
            BIRDWIRE_SMS__PROVIDER="twilio",
            BIRDWIRE_SMS__TWILIO__ACCOUNT_SID=SID,
            BIRDWIRE_SMS__TWILIO__AUTH_TOKEN=TOKEN,
            BIRDWIRE_SMS__TWILIO__BASE_URL=carrier.base_url,
            BIRDWIRE_SMS__SENDERS__0__NUMBER="+15550009999",
            BIRDWIRE_SITE__PUBLIC_URL="https://birds.example",
            BIRDWIRE_MAIL__OUTBOUND__PORT=str(box.port),
        )
        store = Store(config.store.url)
        await upgrade(store)
        await store.close()
        findings = await look_at_everything(config)
    assert {f.what for f in findings if f.level is not Level.OK} == {"mail.domain"}
    assert about(findings, "sms.twilio").says == "the provider lets us in"
    assert "at version" in about(findings, "database").says


async def test_wrong_credentials_are_told(configured):
    async with Carrier(account_sid=SID, auth_token=TOKEN) as carrier:
        config = configured(
            BIRDWIRE_SMS__PROVIDER="twilio",
            BIRDWIRE_SMS__TWILIO__ACCOUNT_SID=SID,
            BIRDWIRE_SMS__TWILIO__AUTH_TOKEN="another",
            BIRDWIRE_SMS__TWILIO__BASE_URL=carrier.base_url,
            BIRDWIRE_SMS__SENDERS__0__NUMBER="+15550009999",
            BIRDWIRE_SITE__PUBLIC_URL="https://birds.example",
        )
        findings = await look_at_everything(config)
    assert about(findings, "sms.twilio").level is Level.FAIL
    assert "auth_token" in about(findings, "sms.twilio").mend


async def test_what_the_provider_cannot_reach_is_a_warning(configured, monkeypatch):
    monkeypatch.setattr("gateway.cli_check.LOOKS", LOOKS[:1])
    config = configured(
        BIRDWIRE_SMS__PROVIDER="twilio",
        BIRDWIRE_SMS__TWILIO__ACCOUNT_SID=SID,
        BIRDWIRE_SMS__TWILIO__AUTH_TOKEN=TOKEN,
        BIRDWIRE_SMS__TWILIO__MESSAGING_SERVICE_SID="MG1",
        BIRDWIRE_SITE__PUBLIC_URL="http://localhost:8140",
    )
    assert about(await look_at_everything(config), "site.public_url").level is Level.WARN


async def test_who_does_not_answer_is_named(configured):
    silent = free_port()
    config = configured(
        BIRDWIRE_SMS__PROVIDER="twilio",
        BIRDWIRE_SMS__TWILIO__ACCOUNT_SID=SID,
        BIRDWIRE_SMS__TWILIO__AUTH_TOKEN=TOKEN,
        BIRDWIRE_SMS__TWILIO__BASE_URL=f"http://127.0.0.1:{silent}",
        BIRDWIRE_SMS__SENDERS__0__NUMBER="+15550009999",
        BIRDWIRE_SITE__PUBLIC_URL="https://birds.example",
        BIRDWIRE_MAIL__OUTBOUND__PORT=str(silent),
    )
    findings = await look_at_everything(config)
    for what in ("sms.twilio", "mail.outbound"):
        assert about(findings, what).level is Level.FAIL
        assert str(silent) in about(findings, what).says


async def test_a_database_that_is_not_there_or_behind_is_told(configured, tmp_path, postgres_folder):
    new = await look_at_everything(configured())
    assert about(new, "database").level is Level.OK
    nowhere = await look_at_everything(configured(BIRDWIRE_STORE__URL=f"sqlite:///{tmp_path}/no/birdwire.db"))
    assert "mkdir" in about(nowhere, "database").mend
    silent = await look_at_everything(configured(BIRDWIRE_STORE__URL=f"postgresql://u:hush@/d?host={tmp_path}"))
    assert about(silent, "database").level is Level.FAIL
    behind = await look_at_everything(
        configured(BIRDWIRE_STORE__URL=f"postgresql://postgres@/postgres?host={postgres_folder}")
    )
    assert about(behind, "database").mend == "Run birdwire db upgrade."


async def test_files_that_are_not_what_they_should_be_are_told(configured, tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN CERTIFICATE-----")
    config = configured(
        BIRDWIRE_MAIL__OUTBOUND__DKIM_SELECTOR="s",
        BIRDWIRE_MAIL__OUTBOUND__DKIM_KEY=str(tmp_path / "key.pem"),
        BIRDWIRE_MAIL__INBOUND__TLS_CERT="no.pem",
        BIRDWIRE_MAIL__INBOUND__TLS_KEY="no.pem",
    )
    findings = await look_at_everything(config)
    assert about(findings, "mail.outbound.dkim_key").says == "is no private key"
    assert about(findings, "mail.inbound.tls_cert").level is Level.FAIL


async def test_a_port_that_is_taken_is_told(configured):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        findings = await look_at_everything(configured(BIRDWIRE_WEB__PORT=str(taken.getsockname()[1])))
    assert about(findings, "web.port").level is Level.FAIL
    assert about(findings, "ops.port").level is Level.OK


def test_the_command_prints_a_table_and_fails_when_anything_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text(
        f"[web]\nport = {free_port()}\n[ops]\nport = {free_port()}\n[mail.inbound]\nport = {free_port()}\n"
        f"[mail.outbound]\nport = {free_port()}"
    )
    result = CliRunner().invoke(main, ["check"], env={"BIRDWIRE_CONFIG": ""})
    assert result.exit_code == 1
    assert "mail.outbound: Set mail.outbound.host" in result.stdout
    assert "failed: mail.outbound" in result.stderr
    result = CliRunner().invoke(main, ["check", "--json"], env={"BIRDWIRE_CONFIG": ""})
    assert {finding["level"] for finding in json.loads(result.stdout)} == {"ok", "warn", "fail"}


def test_a_configuration_that_cannot_be_used_is_a_finding_too(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[site]\nnmae = 'x'\n")
    result = CliRunner().invoke(main, ["check", "--json", "-c", str(file)])
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)
    assert (finding["what"], finding["level"]) == ("configuration", "fail")
    assert "did you mean name?" in finding["says"]
    assert "did you mean name?" in result.stderr
