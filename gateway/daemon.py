"""The daemon, from start to stop: one process, one loop, one group of tasks.

A task that dies takes the daemon down loudly, and the supervisor starts it again. A clean stop takes nothing more in,
finishes what it holds, and leaves; what is still queued waits in the database for the next one.

The pages with all that stands behind them take 8 MB: they are loaded by a daemon that has a site or webhooks.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from types import MappingProxyType

import structlog
from aiohttp.web import Application, HTTPMovedPermanently, Request, Response

from gateway import metrics
from gateway.config import Config
from gateway.domain.pace import Pace
from gateway.domain.types import Channel
from gateway.housekeeping import House, count_sent, keep_house
from gateway.service import doors, identity, phones, receipts, senders
from gateway.service.doors import Opened, Refused
from gateway.service.drawing import six_digits
from gateway.service.receipts import Receipt, Record
from gateway.service.senders import Welcome
from gateway.service.site import Site
from gateway.web.listening import listening
from gateway.web.ops import build_ops_app
from inbound.batch import Batcher
from inbound.intake import Intake
from inbound.lookups import Lookups
from inbound.mail import MailDoor
from inbound.sms_kannel import Door as KannelDoor
from inbound.sms_smpp import Door as SmppDoor
from inbound.sms_twilio import Door as TwilioDoor
from outbound.carriers import Carrier, Carriers
from outbound.circuit import Circuit
from outbound.fanout import FanOut
from outbound.mail import MailTransport
from outbound.sms_kannel import KannelTransport
from outbound.sms_smpp import SmppTransport
from outbound.sms_twilio import TwilioTransport
from outbound.websub import Hub
from outbound.worker import Tools, Worker
from store import bell, routes, version
from store.routes import Route
from store.shares import Shares
from store.unit import Store, Unit

log = structlog.get_logger(__name__)

ROLES = frozenset({"web", "inbound", "outbound", "schedule"})
"""What a daemon does: pages, feeds and webhooks; the mail door and webhooks; fan-out and sending; housekeeping.

Both of the first two take webhooks, so that none is lost whichever of them a proxy leads to."""


COUNT_EVERY = 30.0
"""Seconds after which what was sent is added to the day's counts; that much is lost with a process that is killed."""

NO_MOUNTS: Mapping[str, Application] = MappingProxyType({})


class NotReady(Exception):
    """The daemon can't start; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the daemon listens, as (host, port); None for what it does not serve."""

    web: tuple[str, int] | None
    ops: tuple[str, int]
    mail: tuple[str, int] | None


def serve(config: Config, only: frozenset[str] = ROLES) -> None:
    """Run until SIGTERM or SIGINT; a second one hurries. Raises NotReady, OSError for an address that is taken."""

    def ready(_: Listening) -> None:
        calm_collector()

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(until_signalled(lambda stop: run(config, only, stop, on_ready=ready)))


def calm_collector() -> None:
    """Let the garbage collector pass over what was loaded at the start and stays to the end, and look less often: each
    message leaves hundreds of small objects that go by themselves, and next to none that only it can find."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def run(
    config: Config,
    only: frozenset[str],
    stop: asyncio.Event,
    *,
    on_ready: Callable[[Listening], None] = lambda _: None,
    mounts: Mapping[str, Application] = NO_MOUNTS,
) -> None:
    """Run until ``stop`` is set, then leave cleanly. ``on_ready`` hears the addresses once all of them answer;
    ``mounts`` are other applications to serve under a path of the site's."""
    store = Store(config.store.url, connections=config.store.connections)
    async with AsyncExitStack() as at_the_end:
        at_the_end.push_async_callback(store.close)
        await _make_ready(store)
        async with store.unit() as unit:
            key = await identity.key(unit, config.site.secret_key)
            site = config.site_for_services(key)
            ways_out = await routes.ensure(unit, config.sender_names())
            route_of = await routes.by_sender(unit)
            await phones.choose_senders(unit, site)
        providers = {sender: config.sms.provider_of(sender) for sender in config.sender_names()}
        tools = Tools(store, site, config.delivery, now, random, providers=providers)
        mail_out = MailTransport(config.mail.outbound, site)
        at_the_end.push_async_callback(mail_out.close)
        smpp = SmppTransport(config.sms.smpp) if "smpp" in config.sms.in_use() else None
        twilio_out = TwilioTransport(config.sms.twilio, site.public_url) if "twilio" in config.sms.in_use() else None
        sms_out = _carriers(config, providers, twilio_out, smpp)
        if sms_out is not None:
            at_the_end.push_async_callback(sms_out.close)

        ready = asyncio.Event()
        ops_app = build_ops_app(
            store, starting=lambda: not ready.is_set(), stopping=stop.is_set, registry=metrics.REGISTRY
        )
        async with asyncio.TaskGroup() as tasks:
            ops = await at_the_end.enter_async_context(listening(ops_app, config.ops.host, config.ops.port))
            doors_in = AsyncExitStack()
            at_the_end.push_async_callback(doors_in.aclose)
            always: list[asyncio.Task[None]] = [tasks.create_task(bell.hear(store))]

            intake = Intake(store, site, route_of, now, six_digits, hush=tools.hush, aside=config.store.folder_aside)
            record = _receiver(store, site, tools)
            always += [tasks.create_task(intake.run()), tasks.create_task(record.run())]
            web = None
            if only & {"web", "inbound"}:
                app = _site_app(config, store, site, intake, record.submit, pages="web" in only)
                for path, mounted in mounts.items():
                    app.router.add_get(path, _add_slash)
                    app.add_subapp(path, mounted)
                web = await doors_in.enter_async_context(listening(app, config.web.host, config.web.port))
            mail = None
            if "inbound" in only:
                mail_in = MailDoor(
                    config.mail.inbound, site.mail_domain, intake, resolver(store, site), mailboxes(store, site)
                )
                await mail_in.start()
                doors_in.push_async_callback(mail_in.close)
                mail = (config.mail.inbound.host, mail_in.port)

            if smpp is not None and only & {"inbound", "outbound"}:
                door = _smpp_door(config, store, intake, record.submit, smpp)
                talk = smpp.run(door.arrived, sends="outbound" in only, hears="inbound" in only)
                always.append(tasks.create_task(talk))

            workers: list[Worker] = []
            draining: list[asyncio.Task[None]] = []
            if "outbound" in only:
                fan = FanOut(store, now, poll=config.delivery.poll)
                store.on_bell(fan.wake)
                always.append(tasks.create_task(fan.run()))
                if mail_out.relays is not None:
                    shares = Shares(store, config.mail.outbound.connections, mail_out.relays)
                    always.append(tasks.create_task(shares.run()))
                circuits = {provider: Circuit(provider) for provider in config.sms.in_use()}
                workers = [_worker(config, tools, route, mail_out, sms_out, circuits) for route in ways_out]
                for each in workers:
                    store.on_bell(each.wake)
                draining = [tasks.create_task(each.run()) for each in workers]
            house = None
            if "schedule" in only:
                hub = Hub(config.web.hub) if config.web.hub and not site.private else None
                if hub is not None:
                    at_the_end.push_async_callback(hub.close)
                house = keep_house(tools, sms_out, twilio_out, failover_after=config.sms.failover_after, hub=hub)
                house.start()
            counts = House([(count_sent(tools), COUNT_EVERY)]) if workers else None
            if counts is not None:
                counts.start()

            ready.set()
            log.info("ready", web=web, ops=ops, mail=mail, roles=sorted(only))
            on_ready(Listening(web, ops, mail))
            await stop.wait()

            log.info("stopping")
            await doors_in.aclose()
            await intake.close()
            await record.close()
            for each in workers:
                each.stop()
            if house is not None:
                await house.close()
            if draining:
                await asyncio.wait(draining)
            await mail_out.close()  # before another daemon may have its connections
            if counts is not None:
                await counts.close(once_more=True)
            for task in always:
                task.cancel()
        log.info("stopped")


async def until_signalled(program: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run ``program`` with an event that SIGTERM or SIGINT sets; a second signal cancels it."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    running = asyncio.current_task()
    assert running is not None

    def on_signal() -> None:
        if stop.is_set():
            log.warning("hurrying")
            running.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    await program(stop)


async def _make_ready(store: Store) -> None:
    """On SQLite the schema is brought up to date here; on PostgreSQL, which others may be using, by the operator."""
    if store.is_sqlite:
        await version.upgrade(store)
        return
    found, needed = await version.current(store), version.head()
    if not version.knows(found):
        raise NotReady(
            f"the database is at version {found}, which is newer than this program's {needed}: start the release that"
            " upgraded it"
        )
    if found != needed:
        raise NotReady(
            f"the database is at version {found or 'none'} and this program needs {needed}: run `birdwire db upgrade`"
        )


def _site_app(config: Config, store: Store, site: Site, intake: Intake, record: Record, *, pages: bool) -> Application:
    from gateway.web.app import WebDeps, build_app  # only now: see above

    return build_app(
        WebDeps(
            store,
            site,
            intake,
            record,
            now,
            _twilio_door(config, site),
            _kannel_door(config),
            pages=pages,
            proxies=frozenset(config.web.trusted_proxies),
            hub=config.web.hub,
            hsts=config.web.hsts,
        )
    )


def _carriers(
    config: Config, providers: Mapping[str, str], twilio: TwilioTransport | None, smpp: SmppTransport | None
) -> Carriers | None:
    carriers: dict[str, Carrier] = {}
    if twilio is not None:
        carriers["twilio"] = twilio
    if "kannel" in config.sms.in_use():
        carriers["kannel"] = KannelTransport(config.sms.kannel, f"{config.kannel_url}/status")
    if smpp is not None:
        carriers["smpp"] = smpp
    return Carriers({sender: carriers[provider] for sender, provider in providers.items()}) if carriers else None


def _kannel_door(config: Config) -> KannelDoor | None:
    kannel = config.sms.kannel
    if "kannel" not in config.sms.in_use():
        return None
    return KannelDoor(kannel.hook_secret, kannel.allowed_addresses, config.sender_names())


def _smpp_door(
    config: Config,
    store: Store,
    intake: Intake,
    record: Record,
    smpp: SmppTransport,
) -> SmppDoor:
    async def owner(remote_id: str) -> tuple[int, int | None] | None:
        """Just sent by this daemon, or by any daemon before, or being sent now."""
        if (known := smpp.owners.get(remote_id)) is not None:
            return known
        async with store.glancing() as reading:
            found = await receipts.owner(reading, remote_id)
        return found or await smpp.owners.wait_for(remote_id)

    settings = config.sms.smpp
    return SmppDoor(
        config.sender_names(),
        intake,
        record,
        owner,
        now,
        latin_1=settings.alphabet == "latin1",
        id_from_receipt=settings.id_from_receipt,
    )


def _twilio_door(config: Config, site: Site) -> TwilioDoor | None:
    if "twilio" not in config.sms.in_use():
        return None
    twilio = config.sms.twilio
    return TwilioDoor(site.public_url, twilio.account_sid, [twilio.auth_token, twilio.auth_token_next])


def _worker(
    config: Config,
    tools: Tools,
    route: Route,
    mail_out: MailTransport,
    sms_out: Carriers | None,
    circuits: Mapping[str, Circuit],
) -> Worker:
    if route.channel is Channel.EMAIL:
        mail = config.mail.outbound
        pace = Pace(mail.messages_per_second)
        return Worker(tools, route, pace, mail_out, connections=mail.at_once, may_talk=lambda: mail_out.may_talk)
    assert sms_out is not None
    paces = {s.number: s.pace for s in config.sms.senders}
    return Worker(
        tools,
        route,
        paces.get(route.sender, Pace(1)),
        sms_out,
        connections=config.delivery.connections,
        validity=config.sms.validity,
        circuit=circuits.get(tools.providers[route.sender]),
    )


def _receiver(store: Store, site: Site, tools: Tools) -> Batcher[Receipt, bool]:
    async def record(unit: Unit, came: Sequence[Receipt]) -> list[bool]:
        moved = []
        for receipt in came:
            rules = tools.settings.retry_rules(receipt.source)
            moved.append(await receipts.record(unit, site, receipt, rules=rules, now=now()))
            metrics.receipt_came(receipt.status)
        unit.ring()
        return moved

    return Batcher(store, record)


def resolver(store: Store, site: Site) -> Callable[[str], Awaitable[Opened | Refused]]:
    """What the mail door asks at each RCPT; those of the same moment are one look-up."""

    async def find(local_parts: Sequence[str]) -> list[Opened | Refused]:
        async with store.glancing() as reading:
            return await doors.find(reading, site, local_parts)

    return Lookups(find)


def mailboxes(store: Store, site: Site) -> Callable[[Sequence[str], str, int | None], Awaitable[Welcome | Refused]]:
    """What the mail door asks about a mailbox that a mail is proven to be from."""

    async def knows(spellings: Sequence[str], words: str, account_id: int | None) -> Welcome | Refused:
        async with store.reading() as reading:
            if account_id is not None:
                return await senders.to_account(reading, account_id, spellings)
            return await senders.to_everybody(reading, site, spellings, words, now=now())

    return knows


async def _add_slash(request: Request) -> Response:
    raise HTTPMovedPermanently(f"{request.path}/")


def now() -> datetime:
    """The clock: aware, UTC."""
    return datetime.now(UTC)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's, where it can be had."""
    if sys.platform == "win32" or sys.implementation.name != "cpython":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
