"""``birdwire check`` looks at a Kannel and at a carrier, real ones, without sending anything."""

from pathlib import Path
from socket import socket

import pytest

from gateway.cli_check import look_at_everything
from gateway.config import Config, load
from gateway.finding import Finding, Level
from tests import kannel, smsc
from tests.wiring import OUR_NUMBER, free_port


@pytest.fixture
def configured(tmp_path: Path):
    """A configuration whose ports are free, with one number of this provider's."""

    def configure(provider: str, **more: str) -> Config:
        ports = {f"BIRDWIRE_{door}__PORT": str(free_port()) for door in ("WEB", "OPS", "MAIL__INBOUND")}
        given = {
            "BIRDWIRE_STORE__URL": f"sqlite:///{tmp_path / 'birdwire.db'}",
            "BIRDWIRE_SMS__PROVIDER": provider,
            "BIRDWIRE_SMS__SENDERS__0__NUMBER": OUR_NUMBER,
            "BIRDWIRE_SITE__PUBLIC_URL": "http://127.0.0.1:8140",
        }
        return load(None, {**given, **ports, **more})

    return configure


async def about(config: Config, what: str) -> Finding:
    (found,) = [finding for finding in await look_at_everything(config) if finding.what == what]
    return found


async def test_a_kannel_that_knows_us_and_one_that_does_not(configured, tmp_path: Path) -> None:
    async with kannel.running(tmp_path, "http://127.0.0.1:1") as running:

        def settings(password: str) -> dict[str, str]:
            return {
                "BIRDWIRE_SMS__KANNEL__SENDSMS_URL": running.url,
                "BIRDWIRE_SMS__KANNEL__USERNAME": kannel.USERNAME,
                "BIRDWIRE_SMS__KANNEL__PASSWORD": password,
                "BIRDWIRE_SMS__KANNEL__HOOK_SECRET": "a-long_secret-1234",
            }

        assert (await about(configured("kannel", **settings(kannel.PASSWORD)), "sms.kannel")).level is Level.OK
        wrong = await about(configured("kannel", **settings("nonsense")), "sms.kannel")
        assert (wrong.level, wrong.says) == (Level.FAIL, "Kannel refuses the user (403)")
        await running.carrier()
        assert not any("Got message" in line for line in running.heard)
    gone = await about(configured("kannel", **settings(kannel.PASSWORD)), "sms.kannel")
    assert gone.level is Level.FAIL
    assert "no answer" in gone.says


async def test_an_address_that_a_proxy_has_too_is_no_pass(configured) -> None:
    more = {
        "BIRDWIRE_SITE__PUBLIC_URL": "https://birds.example",
        "BIRDWIRE_SMS__KANNEL__SENDSMS_URL": f"http://127.0.0.1:{free_port()}",
        "BIRDWIRE_SMS__KANNEL__USERNAME": "u",
        "BIRDWIRE_SMS__KANNEL__PASSWORD": "p",
        "BIRDWIRE_SMS__KANNEL__ALLOWED_ADDRESSES": "127.0.0.1",
    }
    found = await about(configured("kannel", **more), "sms.kannel.allowed_addresses")
    assert found.level is Level.WARN


async def test_a_carrier_that_lets_us_in_one_that_does_not_and_one_that_is_silent(configured) -> None:
    async with smsc.running() as carrier:

        def settings(password: str, port: int = carrier.port) -> dict[str, str]:
            return {
                "BIRDWIRE_SMS__SMPP__HOST": "127.0.0.1",
                "BIRDWIRE_SMS__SMPP__PORT": str(port),
                "BIRDWIRE_SMS__SMPP__SYSTEM_ID": "birds",
                "BIRDWIRE_SMS__SMPP__PASSWORD": password,
                "BIRDWIRE_SMS__SMPP__TIMEOUT": "1",
            }

        assert (await about(configured("smpp", **settings(smsc.PASSWORD)), "sms.smpp")).level is Level.OK
        wrong = await about(configured("smpp", **settings("nonsense")), "sms.smpp")
        assert wrong.level is Level.FAIL
        assert wrong.says.endswith("does not let us in (0xd)")

        with socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            assert (await about(configured("smpp", **settings("x", port)), "sms.smpp")).level is Level.FAIL
