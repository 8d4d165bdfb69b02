"""A certificate for servers that take our mail."""

from pathlib import Path

import pytest

from tests.outbound.relays import make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a self-signed certificate for 127.0.0.1, ``cert.pem``, and its ``key.pem``."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
