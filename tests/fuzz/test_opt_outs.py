"""After STOP nothing goes to that phone but its one confirmation and answers to HELP, until START: whatever was queued,
claimed, of unknown outcome, reported late, tried again by the operator, or comes later. On both databases."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import reply
from gateway.domain import wish as c
from gateway.domain.command import parse
from gateway.domain.delivery import Bounced, Deferred, Found, Outcome, RetryRules, Sent, State, Unsure
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Outgoing
from gateway.service import claiming, fanout, notify, receipts, settling
from gateway.service.receipts import Receipt
from gateway.service.settling import Result
from gateway.service.site import Site
from store import addresses, deliveries
from store.routes import Route
from store.unit import Store
from tests.fuzz.test_grammar import Crowds, crowds
from tests.fuzz.trying import tried
from tests.service.conversing import OURS, Town, number

__all__ = ["crowds"]

ROUTE = Route(2, Channel.SMS, OURS)
RULES = RetryRules(attempts=50)
OUTCOMES: dict[str, Outcome] = {
    "sent": Sent("SM"),
    "later": Deferred("busy", 0.0),
    "unsure": Unsure("silence"),
    "refused": Bounced("no"),
}
WORDS = [
    *("STOP", "stop texting me", "please unsubscribe", "START", "HELP", "hello", "FOLLOW alice", "GET alice", "OFF"),
    *("ON", "JOIN other", "FOLLOWING", "R yes", "FAV"),
]
STEPS = st.one_of(
    st.tuples(st.just("text"), st.sampled_from(WORDS)),
    st.tuples(st.just("text"), st.sampled_from(["STOP", "START"])),
    st.tuples(st.just("post"), st.sampled_from(["hello", "@bob are you there?"])),
    st.tuples(st.just("notice"), st.just("by the way")),
    st.tuples(st.just("claim"), st.integers(1, 5)),
    st.tuples(st.just("send"), st.sampled_from(sorted(OUTCOMES))),
    st.tuples(st.just("send"), st.just("sent")),
    st.tuples(st.just("look up"), st.sampled_from(["absent", "found", "later"])),
    st.tuples(st.just("report"), st.sampled_from(["30003", "30008", "21610"])),
    st.tuples(st.just("retry"), st.just("all")),
    st.tuples(st.just("wait"), st.integers(1, 4000)),
)


class Phone:
    """Bob's phone, what waits to go there, and what went there since it said STOP."""

    def __init__(self, town: Town, bob: str, alice: str) -> None:
        self.town, self.bob, self.alice = town, bob, alice
        self.held: list[Outgoing] = []
        self.last_sent: Outgoing | None = None
        self.stopped = False
        self.due: Counter[str] = Counter()

    async def text(self, words: str) -> None:
        """Bob texts; what may still go to his phone after that."""
        meant = parse(words)
        answer = await self.town.text(self.bob, words.replace("alice", self.alice))
        async with self.town.store.unit() as unit:
            row = await addresses.find(unit, Channel.SMS, number(self.bob))
            assert row is not None
            if answer:
                await notify.tell(unit, row.id, answer, now=self.town.now, answers=True)
        if isinstance(meant, c.Start):
            self.stopped = False
        elif isinstance(meant, c.Stop) and not self.stopped:
            self.stopped, self.due = True, Counter([answer])
            assert answer == reply.stopped("Testville")
        elif self.stopped:
            assert bool(answer) == isinstance(meant, c.Help)
            self.due[answer] += 1

    async def post(self, words: str) -> None:
        """Alice writes, and whoever follows her is queued."""
        await self.town.text(self.alice, words.replace("bob", self.bob))
        async with self.town.store.unit() as unit:
            await fanout.step(unit, now=self.town.now)

    async def notice(self, words: str) -> None:
        """Birdwire has something to say by itself."""
        async with self.town.store.unit() as unit:
            row = await addresses.find(unit, Channel.SMS, number(self.bob))
            assert row is not None
            await notify.tell(unit, row.id, words, now=self.town.now)

    async def claim(self, most: int) -> None:
        async with self.town.store.unit() as unit:
            lease = timedelta(minutes=2)
            batch = await claiming.claim(unit, ROUTE, Pace(), most=most, lease=lease, now=self.town.now)
        self.held += batch.deliveries

    async def send(self, became: str) -> None:
        """What is held goes out, as far as the rules let it when they are asked again, as they are after a STOP."""
        results = []
        for each in self.held:
            async with self.town.store.reading() as reading:
                forbidden = await claiming.still_allowed(reading, each, now=self.town.now)
            if forbidden is None:
                self.goes_out(each, became)
            results.append(Result(each, forbidden or OUTCOMES[became]))
        self.held = []
        async with self.town.store.unit() as unit:
            dice = [0.0] * len(results)
            await settling.settle(unit, self.town.site, ROUTE, results, rules=RULES, now=self.town.now, dice=dice)

    def goes_out(self, delivery: Outgoing, became: str) -> None:
        if delivery.to != number(self.bob):
            return
        self.last_sent = delivery
        if self.stopped:
            assert self.due[delivery.text] > 0, f"after STOP: {delivery.text}"
            self.due[delivery.text] -= became == "sent"

    async def look_up(self, found: str) -> None:
        """The provider is asked about what is unsure."""
        self.town.now += timedelta(minutes=1)
        async with self.town.store.unit() as unit:
            lease = timedelta(minutes=2)
            for each in await claiming.claim_look_ups(unit, most=10, lease=lease, now=self.town.now):
                said = {"absent": [], "found": [Found("SM", Sent("SM"))], "later": Deferred("busy")}[found]
                await settling.settle_look_up(
                    unit, self.town.site, each, said, rules=RULES, now=self.town.now, dice=0.0
                )

    async def report(self, code: str) -> None:
        """The provider reports that the last text failed."""
        if self.last_sent is None:
            return
        self.town.now += timedelta(seconds=1)
        async with self.town.store.unit() as unit:
            at = self.town.now
            failed = Receipt("test", f"SM{at}", "undelivered", code, self.last_sent.id, self.last_sent.attempt, at)
            await receipts.record(unit, self.town.site, failed, rules=RULES, now=at)
            self.due[self.last_sent.text] += self.stopped and self.last_sent.text in self.due
            row = await addresses.find(unit, Channel.SMS, number(self.bob))
            assert row is not None
            if row.opted_out_at is not None and not self.stopped:
                self.stopped, self.due = True, Counter()  # it opted out at the provider

    async def retry(self) -> None:
        """The operator tries again all that was given up."""
        async with self.town.store.unit() as unit:
            dead = await deliveries.in_states(unit, [State.DEAD], most=100)
            await deliveries.retry(unit, [each.id for each in dead], now=self.town.now)


@tried(40, 1000)
@given(steps=st.lists(STEPS, min_size=5, max_size=30))
async def test_after_stop_nothing_goes_to_that_phone_but_what_it_asks_for(
    store: Store, site: Site, crowds: Crowds, steps: list[tuple[str, object]]
) -> None:
    town, people = crowds.next()
    phone = Phone(town, people["bob"], people["alice"])
    await town.join(phone.alice, phone.bob)
    await town.text(phone.bob, f"FOLLOW {phone.alice}")
    await phone.claim(100)
    await phone.send("sent")
    for step, what in [*steps, ("wait", 100_000), ("retry", "all"), ("claim", 100), ("send", "sent")]:
        match step, what:
            case "text", str(words):
                await phone.text(words)
            case "post", str(words):
                await phone.post(words)
            case "notice", str(words):
                await phone.notice(words)
            case "claim", int(most):
                await phone.claim(most)
            case "send", str(became):
                await phone.send(became)
            case "look up", str(found):
                await phone.look_up(found)
            case "report", str(code):
                await phone.report(code)
            case "retry", _:
                await phone.retry()
            case "wait", int(seconds):
                town.now += timedelta(seconds=seconds)
