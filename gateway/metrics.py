"""What is counted, under which name. Thin functions, so that callers say what happened and never a metric's name.

Everything is in a registry of our own; ``gateway.web.ops`` renders it. Labels take few values: never a person, a number
or an address.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily

# Without this, every counter gets a second series, of when it was made.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the package leaves this one function untyped

REGISTRY = CollectorRegistry()
"""The registry that /metrics serves."""


class _PerDelivery:
    """A histogram by channel of what happens once for each delivery. The package's own takes two locks for a value,
    which is a tenth of all that a delivery costs; these are only counted in the loop's thread, and take none."""

    def __init__(self, name: str, words: str, *, buckets: Sequence[float]) -> None:
        self._name, self._words, self._bounds = name, words, buckets
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        REGISTRY.register(self)

    def observe(self, channel: str, values: Iterable[float]) -> None:
        counts = self._counts.setdefault(channel, [0] * (len(self._bounds) + 1))
        total = 0.0
        for value in values:
            counts[bisect_left(self._bounds, value)] += 1
            total += value
        self._sums[channel] = self._sums.get(channel, 0.0) + total

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        family = HistogramMetricFamily(self._name, self._words, labels=["channel"])
        for channel, counts in self._counts.items():
            bounds = [*map(str, map(float, self._bounds)), "+Inf"]
            family.add_metric([channel], list(zip(bounds, accumulate(counts), strict=True)), self._sums[channel])
        yield family


_inbound = Counter(
    "birdwire_inbound_messages",
    "Messages that came in, by source (twilio, kannel, smpp, mail) and outcome (new, repeated, failed).",
    ["source", "outcome"],
    registry=REGISTRY,
)
_senders = Counter(
    "birdwire_mail_senders",
    "Mails at doors that ask who sent them, by verdict (dkim, spf, arc, upstream, unproven, undecided).",
    ["verdict"],
    registry=REGISTRY,
)
_queued = Counter("birdwire_deliveries_queued", "Deliveries queued by fan-out.", registry=REGISTRY)
_settled = Counter(
    "birdwire_deliveries_settled",
    "Attempts settled, by channel and outcome (sent, retry, unsure, dead).",
    ["channel", "outcome"],
    registry=REGISTRY,
)
_segments = Counter("birdwire_sms_segments_sent", "SMS segments the provider took.", registry=REGISTRY)
_cost = Counter(
    "birdwire_sms_cost_micros",
    "What texts cost, as far as the provider has said, in millionths of a currency.",
    ["currency"],
    registry=REGISTRY,
)
_send_seconds = _PerDelivery(
    "birdwire_send_seconds",
    "Seconds one attempt spent at the peer, by channel.",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30),
)
_delay_seconds = _PerDelivery(
    "birdwire_delivery_delay_seconds",
    "Seconds between queueing a delivery and the peer taking it, by channel.",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86400),
)
_depth = Gauge(
    "birdwire_queue_deliveries",
    "Deliveries by channel and state (queued, claimed, unsure, dead).",
    ["channel", "state"],
    registry=REGISTRY,
)
_age = Gauge(
    "birdwire_queue_oldest_seconds",
    "Seconds the oldest delivery that could go out now has been due, by channel.",
    ["channel"],
    registry=REGISTRY,
)
_held = Gauge("birdwire_queue_held", "1 while the operator holds the queue.", registry=REGISTRY)
_down = Gauge(
    "birdwire_provider_down",
    "1 while a provider is taken to be down, and only tried now and then.",
    ["provider"],
    registry=REGISTRY,
)
_blocked = Gauge(
    "birdwire_sender_blocked",
    "1 while one of our numbers is stopped because the provider refuses it, by route.",
    ["route"],
    registry=REGISTRY,
)
_budget_near = Gauge(
    "birdwire_sms_budgets_near",
    "Budgets of this month that are used to 80 percent or more, by whose.",
    ["of"],
    registry=REGISTRY,
)
_budget_used_up = Gauge(
    "birdwire_sms_budgets_used_up", "Budgets of this month that are used up, by whose.", ["of"], registry=REGISTRY
)
_budget_site = Gauge(
    "birdwire_sms_budget_segments", "Segments of this month that the site's budget was charged with.", registry=REGISTRY
)
_pages = Counter("birdwire_fanout_pages", "Pages of followers queued.", registry=REGISTRY)
_automatic = Counter(
    "birdwire_mail_automatic",
    "Mails that no person wrote, by kind: never posted, never answered.",
    ["kind"],
    registry=REGISTRY,
)
_returned = Counter(
    "birdwire_mail_returned",
    "Mails of ours that came back, by what their status is about.",
    ["about"],
    registry=REGISTRY,
)
_complaints = Counter(
    "birdwire_mail_complaints",
    "Feedback reports about mails of ours, by type and what they led to (obeyed, nothing, unknown).",
    ["type", "outcome"],
    registry=REGISTRY,
)
_mailboxes_stopped = Counter(
    "birdwire_mailboxes_stopped",
    "Mailboxes that get no more mails, by why (no such mailbox, not for now, complaint).",
    ["why"],
    registry=REGISTRY,
)
_STATUSES = frozenset({"queued", "sending", "sent", "delivered", "undelivered", "failed", "read"})
_receipts = Counter(
    "birdwire_receipts", "Reports of the provider about texts, by status.", ["status"], registry=REGISTRY
)
_refusals = Counter(
    "birdwire_webhook_refusals",
    "Webhook calls refused, by reason (signature, form).",
    ["reason"],
    registry=REGISTRY,
)
_turned_away = Counter(
    "birdwire_mail_turned_away",
    "Clients that the mail door turned away, by reason (connections, hasty, rate, errors, mails, slow, too much,"
    " protocol, proxy, tls).",
    ["reason"],
    registry=REGISTRY,
)
_batch = Histogram(
    "birdwire_intake_batch_messages",
    "Messages that shared one commit at the intake.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=REGISTRY,
)
_store_errors = Counter("birdwire_store_errors", "Transactions that failed, by part.", ["part"], registry=REGISTRY)
_build = Gauge("birdwire_build_info", "1, with the running version as its label.", ["version"], registry=REGISTRY)
_build.labels(version("birdwire")).set(1)


def message_came_in(source: str, outcome: str) -> None:
    """A door handed a message to the intake: it was ``new``, ``repeated``, or the intake ``failed``."""
    _labelled_inbound(source, outcome).inc()


def sender_judged(verdict: str) -> None:
    """A mail came to a door that asks who sent it: it is proven by ``dkim``, ``spf``, ``arc`` or ``upstream``, or it is
    ``unproven`` or ``undecided``."""
    _senders.labels(verdict).inc()


_labelled_inbound = cache(_inbound.labels)
_labelled_settled = cache(_settled.labels)


def delivery_settled(channel: str, outcome: str) -> None:
    """An attempt was settled, or a receipt came."""
    _labelled_settled(channel, outcome).inc()


def deliveries_sent(channel: str, *, segments: int, delays: Sequence[float]) -> None:
    """The peer took deliveries, of so many segments in all; ``delays``: seconds since each was queued."""
    _labelled_settled(channel, "sent").inc(len(delays))
    _segments.inc(segments)
    _delay_seconds.observe(channel, delays)


def sent_so_far() -> dict[str, int]:
    """How many deliveries the peers took since this process began, by channel."""
    samples = (sample for family in _settled.collect() for sample in family.samples if sample.name.endswith("_total"))
    return {each.labels["channel"]: int(each.value) for each in samples if each.labels["outcome"] == "sent"}


def text_cost(currency: str, micros: int) -> None:
    """The provider said what a text cost; what it gave back is not counted."""
    _cost.labels(currency).inc(max(micros, 0))


def attempts_took(channel: str, seconds: Sequence[float]) -> None:
    """Conversations with the peer took so long each."""
    _send_seconds.observe(channel, seconds)


def queue_stands(channel: str, depth: dict[str, int], oldest: float) -> None:
    """The queue as last looked at: deliveries by state, and how long the oldest one has been due."""
    for state, count in depth.items():
        _depth.labels(channel, state).set(count)
    _age.labels(channel).set(oldest)


def queue_held(held: bool) -> None:
    """Whether the operator holds the queue."""
    _held.set(held)


def provider_down(provider: str, down: bool) -> None:
    """Whether a provider is taken to be down."""
    _down.labels(provider).set(down)


def senders_stand(blocked: Iterable[int], all_routes: Iterable[int]) -> None:
    """Which of the routes' numbers are stopped."""
    stopped = set(blocked)
    for route in all_routes:
        _blocked.labels(route).set(route in stopped)


def budgets_stand(whose: str, near: int, used_up: int, most: int) -> None:
    """So many of this month's budgets of a kind are nearly used, so many used up; the most that one has used."""
    _budget_near.labels(whose).set(near)
    _budget_used_up.labels(whose).set(used_up)
    if whose == "site":
        _budget_site.set(most)


def fanout_page(queued: int) -> None:
    """A page of followers was queued, which made so many deliveries."""
    _pages.inc()
    _queued.inc(queued)


def receipt_came(status: str) -> None:
    """The provider reported this about a text. Its words are few; one that is none of them is counted as other."""
    _receipts.labels(status if status in _STATUSES else "other").inc()


def automatic_mail(kind: str) -> None:
    """A mail came in that no person wrote."""
    _automatic.labels(kind).inc()


def mail_returned(about: str) -> None:
    """A mail of ours came back: it was about this."""
    _returned.labels(about).inc()


def complaint_came(kind: str, outcome: str) -> None:
    """A feedback report of this type led to this."""
    _complaints.labels(kind, outcome).inc()


def mailbox_stopped(why: str) -> None:
    """A mailbox gets no more mails."""
    _mailboxes_stopped.labels(why).inc()


def webhook_refused(reason: str) -> None:
    """A webhook call was refused."""
    _refusals.labels(reason).inc()


def mail_turned_away(reason: str) -> None:
    """The mail door turned a client away, or one of its mails."""
    _turned_away.labels(reason).inc()


def intake_committed(messages: int) -> None:
    """So many messages shared a commit."""
    _batch.observe(messages)


def store_failed(part: str) -> None:
    """A transaction of ``part`` failed for a reason that was not the person's."""
    _store_errors.labels(part).inc()
