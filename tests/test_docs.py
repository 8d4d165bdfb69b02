"""What is documented exists, and what exists is documented."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from gateway import metrics
from gateway.config import Config, Sender, load
from gateway.settings import MISSING, SECRETS, keys
from outbound.mail import RelaySettings

ROOT = Path(__file__).parent.parent
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

KEY_LINE = re.compile(r"#(\w+ = .*|\[\[?[\w.]+\]\]?)$")


def uncommented() -> str:
    return "\n".join(found[1] if (found := KEY_LINE.match(line)) else line for line in EXAMPLE.splitlines())


def paths(table: dict[str, object], above: str = "") -> set[str]:
    found = set()
    for name, value in table.items():
        rows = value if isinstance(value, list) and value else [value]
        for row in rows:
            found |= paths(row, f"{above}{name}.") if isinstance(row, dict) else {above + name}
    return found


def test_the_example_names_every_key_and_no_other():
    assert paths(tomllib.loads(uncommented())) == {key.path for key in keys(Config)}


def test_the_example_changes_nothing_as_it_stands(tmp_path):
    assert tomllib.loads(EXAMPLE).keys() <= {
        "site",
        "store",
        "web",
        "ops",
        "sms",
        "mail",
        "delivery",
        "limits",
        "budget",
        "log",
    }
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE)
    assert load(path, {}) == Config()


def test_the_example_shows_the_defaults(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(uncommented())
    config = load(path, {})
    assert config.sms.senders == (Sender(number="+15551234567"),)
    assert config.mail.outbound.relays == (RelaySettings(host="relay.example.net"),)
    assert msgspec.structs.replace(config.mail.outbound, relays=()) == Config().mail.outbound
    assert (config.mail.domain, config.mail.inbound) == (Config().mail.domain, Config().mail.inbound)
    for section in (field for field in Config.__dataclass_fields__ if field not in ("sms", "mail")):
        assert getattr(config, section) == getattr(Config(), section)
    for setting in ("provider", "default_region", "twilio"):
        assert getattr(config.sms, setting) == getattr(Config().sms, setting)


def test_every_key_of_the_example_has_a_sentence_of_its_own():
    lines = EXAMPLE.splitlines()
    for above, line in pairwise(lines):
        if KEY_LINE.match(line) and "[" not in line.split("=")[0]:
            assert above.startswith("# "), line
            assert above.endswith("."), line


def test_every_secret_is_kept_out_of_the_example():
    for key in keys(Config):
        if key.path.rsplit(".", 1)[-1] in SECRETS - {"url"}:
            assert key.default in ("", MISSING), key.path


def exposed_metrics() -> dict[str, set[str]]:
    """The names under which Prometheus sees our metrics, each with its labels."""
    return {
        described.name + ("_total" if described.type == "counter" else ""): set(
            getattr(described, "_labelnames", ()) or metrics.REGISTRY._names_to_collectors[described.name]._labelnames
        )
        for described in metrics.REGISTRY.collect()
    }


@pytest.mark.parametrize("name", sorted(exposed_metrics()))
def test_every_metric_is_described_with_its_labels(name):
    row = next((line for line in OPERATIONS.splitlines() if line.startswith(f"| `{name}` |")), None)
    assert row is not None, f"{name} is not in docs/operations.md"
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == exposed_metrics()[name]


def test_no_metric_is_described_that_does_not_exist():
    assert set(re.findall(r"^\| `(birdwire_\w+)` \|", OPERATIONS, re.MULTILINE)) == set(exposed_metrics())
