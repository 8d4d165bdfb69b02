"""Asking late is slow on purpose: a few questions in a second, none for a while when the provider has had enough."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import insert, select

from gateway.domain.delivery import Deferred
from gateway.domain.late import TELLERS, Gone, Price, Told
from gateway.service.site import Site
from outbound.late import LateLooks
from outbound.sms_kannel import KannelTransport
from outbound.sms_smpp import SmppTransport
from outbound.sms_twilio import TwilioTransport
from outbound.worker import DeliverySettings, Tools
from store.schema import deliveries
from store.unit import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Teller:
    """A provider that always says the same."""

    answer: Told | Gone | Deferred
    source: str = "twilio"
    asked: list[str] = field(default_factory=list)

    async def tell(self, remote_id: str) -> Told | Gone | Deferred:
        self.asked.append(remote_id)
        return self.answer


@pytest.fixture
async def tools(store: Store, site: Site) -> Tools:
    sent = {"notice_id": 1, "channel": "sms", "route": 1, "lane": 0, "state": "sent", "attempt": 1}
    sent |= {"due_at": NOW, "queued_at": NOW, "settled_at": NOW, "lease_until": NOW + timedelta(hours=1)}
    async with store.unit() as unit:
        await unit.execute(insert(deliveries), [{**sent, "remote_id": f"SM{n}"} for n in range(12)])
    clock = NOW + timedelta(hours=1)
    return Tools(store, site, DeliverySettings(looks_per_second=5), lambda: clock, Random(1).random)  # noqa: S311


async def test_a_second_has_so_many_questions_and_no_more(tools: Tools) -> None:
    teller = Teller(Told("delivered", "", Price(7_900, "USD")))
    looks = LateLooks(tools, teller)
    assert [await looks.step() for _ in range(4)] == [5, 5, 2, 0]
    assert len(set(teller.asked)) == 12
    async with tools.store.reading() as reading:
        states = (await reading.execute(select(deliveries.c.state, deliveries.c.price_micros))).all()
    assert set(states) == {("delivered", 7_900)}


async def test_a_provider_that_has_had_enough_is_left_alone_for_a_while(tools: Tools) -> None:
    teller = Teller(Deferred("too many requests at once (20429)", 60.0))
    looks = LateLooks(tools, teller)
    assert [await looks.step() for _ in range(3)] == [1, 0, 0]
    assert len(teller.asked) == 1


@pytest.mark.parametrize("transport", [TwilioTransport, KannelTransport, SmppTransport])
def test_who_is_asked_later_are_those_who_can_tell(transport: type) -> None:
    can_tell = hasattr(transport, "tell")
    assert can_tell is (getattr(transport, "source", "") in TELLERS)
    assert can_tell is bool(DeliverySettings().retry_rules(getattr(transport, "source", "")).receipt_after)
