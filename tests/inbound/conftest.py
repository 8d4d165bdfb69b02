"""A mail door that is open while a test runs, and a certificate for one."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbound.mail import MailDoor
from tests.inbound.talking import DOMAIN, Pile, opened


@pytest.fixture
async def pile() -> Pile:
    return Pile()


@pytest.fixture
async def door(pile: Pile) -> AsyncIterator[MailDoor]:
    async with opened(pile) as door:
        yield door


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={DOMAIN}"
        f" -addext subjectAltName=DNS:{DOMAIN},IP:127.0.0.1 -keyout {key} -out {cert}".split(),
        check=True,
        capture_output=True,
    )
    return cert, key
