"""What is counted without the package's own histogram reads the same."""

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from gateway import metrics

BOUNDS = (0.125, 0.5, 1, 5)
VALUES = [0.0, 0.125, 0.25, 0.5, 3.0, 5.0, 5.25, 2.0**30]


def _lines(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


def test_a_histogram_of_deliveries_reads_like_the_packages_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    monkeypatch.setattr(metrics, "REGISTRY", ours)
    spread = metrics._PerDelivery("seconds", "How long.", buckets=BOUNDS)
    package = Histogram("seconds", "How long.", ["channel"], buckets=BOUNDS, registry=theirs)
    assert _lines(ours) == _lines(theirs)
    for channel, values in (("sms", VALUES), ("email", VALUES[:3]), ("sms", VALUES[2:])):
        spread.observe(channel, values)
        for value in values:
            package.labels(channel).observe(value)
    assert _lines(ours) == _lines(theirs)
    assert len(_lines(ours)) > 2 * len(BOUNDS)
