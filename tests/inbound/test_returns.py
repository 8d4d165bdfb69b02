"""What comes back, in real SMTP conversations with the door: bounces, complaints, unsubscribing, answering machines."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
import pytest
from prometheus_client import generate_latest
from sqlalchemy import func, select, update

from gateway import metrics
from gateway.daemon import resolver
from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.types import Channel, Lane
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail
from gateway.service import joining
from gateway.service.site import Site
from inbound.intake import Intake
from inbound.mail import InboundMailSettings, MailDoor
from outbound.mail_form import message_id
from store import accounts, addresses, fanouts, follows, posts, routes
from store.addresses import AddressRow
from store.posts import NewPost
from store.schema import addresses as mailboxes
from store.schema import deliveries, inbox, notices
from store.schema import posts as all_posts
from store.unit import Store
from tests.inbound import returns
from tests.inbound.returns import RETURNS, Returned, block, report
from tests.wiring import meanwhile

NOW = datetime.now(UTC).replace(microsecond=0)
"""The door looks at the real clock."""

BOB, PHONE = "bob@mail.example", "+15550001002"


def counted(name: str, **labels: str) -> float:
    """A counter as Prometheus reads it."""
    return metrics.REGISTRY.get_sample_value(f"birdwire_{name}_total", labels) or 0.0


@dataclass
class World:
    """A real door before a real intake: alice writes, bob follows her from a phone and reads in his mailbox."""

    store: Store
    site: Site
    door: MailDoor
    alice: int
    bob: int
    now: datetime = NOW
    sent: int = 0

    async def sends(self) -> int:
        """A mail with a post of alice's went out to bob; the delivery."""
        self.sent += 1
        async with self.store.unit() as unit:
            post = NewPost(author_id=self.alice, kind="post", text=f"post {self.sent}", source="sms", created_at=NOW)
            post_id = await posts.add(unit, post)
            await fanouts.queue_for(unit, post_id, [self.bob], lane=Lane.FIRST, now=NOW)
            box = await addresses.find(unit, "email", BOB)
            assert box is not None
            statement = (
                update(deliveries)
                .where(deliveries.c.post_id == post_id, deliveries.c.channel == "email")
                .values(state="sent", attempt=1, sent_to_id=box.id, settled_at=self.now)
                .returning(deliveries.c.id)
            )
            return (await unit.execute(statement)).scalar_one()

    def secret(self, purpose: Purpose, number: int) -> str:
        return f"{purpose}+{token.make(self.site.key, purpose, number)}@birds.example"

    @property
    def stop(self) -> str:
        """What stands in the mails of alice's posts to bob."""
        return unsubscribe.make(self.site.key, AuthorsMail(self.bob, self.alice))

    def original(self, delivery: int) -> str:
        """The mail as bob has it."""
        bounce, reply = self.secret(Purpose.BOUNCE, delivery), self.secret(Purpose.REPLY, delivery)
        return returns.ORIGINAL.format(bounce=bounce, reply=reply, stop=self.stop)

    async def mail(self, raw: str | EmailMessage, *recipients: str, sender: str = "") -> str:
        """Hand a mail over by SMTP; what the door says."""
        content = raw.as_bytes() if isinstance(raw, EmailMessage) else raw.replace("\n", "\r\n").encode()
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.door.port, start_tls=False)
        async with client:
            await client.mail(sender)
            for recipient in recipients:
                await client.rcpt(recipient)
            return (await client.data(content)).message

    async def box(self, address: str = BOB) -> AddressRow:
        async with self.store.reading() as reading:
            found = await addresses.find(reading, "email", address)
        assert found is not None
        return found

    async def state(self, delivery: int) -> str:
        async with self.store.reading() as reading:
            return (await reading.execute(select(deliveries.c.state).where(deliveries.c.id == delivery))).scalar_one()

    async def told(self) -> list[tuple[str, str]]:
        """All that was said to anybody: the phone or mailbox, and the words."""
        async with self.store.reading() as reading:
            said = (
                select(mailboxes.c.address, notices.c.text)
                .join(deliveries, deliveries.c.address_id == mailboxes.c.id)
                .join(notices, notices.c.id == deliveries.c.notice_id)
                .order_by(notices.c.id)
            )
            return [(to, words) for to, words in await reading.execute(said)]

    async def count(self) -> tuple[int, int]:
        """How many messages came in, and how many posts there are."""
        async with self.store.reading() as reading:
            came = (await reading.execute(select(func.count()).select_from(inbox))).scalar_one()
            return came, (await reading.execute(select(func.count()).select_from(all_posts))).scalar_one()

    async def wants_alice(self) -> bool:
        async with self.store.reading() as reading:
            edge = await follows.edge(reading, self.alice, self.bob)
        assert edge is not None
        return edge.mail is not False


@pytest.fixture
async def world(store: Store, site: Site) -> AsyncIterator[World]:
    site = replace(site, contact="ops@people.example")
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        known = await routes.by_sender(unit)
        alice = await accounts.create(unit, "alice", now=NOW)
        bob = await accounts.create(unit, "bob", now=NOW)
        assert alice is not None
        assert bob is not None
        await joining.give_address(unit, bob, Channel.SMS, PHONE, how="web", now=NOW)
        await joining.give_address(unit, bob, Channel.EMAIL, BOB, how="web", now=NOW)
        await follows.put(unit, alice, bob, state="accepted", now=NOW)
    world = World(store, site, None, alice, bob)  # type: ignore[arg-type]  # opened in a moment
    intake = Intake(store, site, known, lambda: world.now, lambda: "482113")
    world.door = MailDoor(InboundMailSettings(port=0, grace=5.0), "birds.example", intake, resolver(store, site))
    async with meanwhile(intake.run()):
        await world.door.start()
        yield world
        await world.door.close()
        await intake.close()


@pytest.mark.parametrize("returned", RETURNS, ids=lambda each: each.server)
async def test_a_report_at_the_return_path_is_about_its_delivery(world: World, returned: Returned) -> None:
    delivery = await world.sends()
    kinds = {kind: counted("mail_automatic", kind=kind) for kind in ("bounce", "nobody")}
    assert (await world.mail(returned.raw, world.secret(Purpose.BOUNCE, delivery))).startswith("2.0.0")
    assert await world.state(delivery) == ("dead" if returned.reason else "sent")
    assert sum(counted("mail_automatic", kind=kind) - before for kind, before in kinds.items()) == 1
    assert await world.told() == []
    assert (await world.count())[1] == 1


async def test_three_mails_to_a_mailbox_that_is_not_there_end_it_and_a_text_says_so(world: World) -> None:
    before = counted("mailboxes_stopped", why="no such mailbox"), counted("mail_returned", about="no such mailbox")
    raw = report(block("failed", "5.1.1", "550 5.1.1 nobody here"))
    for _ in range(3):
        assert await world.told() == []
        delivery = await world.sends()
        await world.mail(raw, world.secret(Purpose.BOUNCE, delivery))
    ((to, words),) = await world.told()
    assert (to, "mails to bob@mail.example came back" in words) == (PHONE, True)
    assert (await world.box()).dead_reason.startswith("5.1.1 550 5.1.1 nobody here")
    after = counted("mailboxes_stopped", why="no such mailbox"), counted("mail_returned", about="no such mailbox")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)


async def test_a_full_mailbox_is_forgiven_for_days(world: World) -> None:
    for _ in range(9):
        delivery = await world.sends()
        await world.mail(report(block("failed", "5.2.2")), world.secret(Purpose.BOUNCE, delivery))
        world.now += timedelta(days=1)
    assert ((await world.box()).soft_days, (await world.box()).dead_at) == (9, None)
    delivery = await world.sends()
    await world.mail(report(block("failed", "4.2.2")), world.secret(Purpose.BOUNCE, delivery))
    assert (await world.box()).dead_at == world.now


async def test_a_success_forgets_what_came_back(world: World) -> None:
    await world.mail(report(block("failed", "5.1.1")), world.secret(Purpose.BOUNCE, await world.sends()))
    assert (await world.box()).bounces == 1
    await world.mail(report(block("delivered", "2.0.0")), world.secret(Purpose.BOUNCE, await world.sends()))
    assert (await world.box()).bounces == 0


async def test_a_report_that_comes_again_or_about_another_mail_counts_nothing(world: World) -> None:
    nothing = counted("mail_returned", about="nothing that is out")
    delivery = await world.sends()
    raw = report(block("failed", "5.1.1"))
    for number in range(3):
        await world.mail(f"Message-ID: <{number}@mx.example>\n{raw}", world.secret(Purpose.BOUNCE, delivery))
    await world.mail(raw, world.secret(Purpose.BOUNCE, 999_999))
    assert (await world.box()).bounces == 1
    assert counted("mail_returned", about="nothing that is out") - nothing == 3


async def test_a_person_who_writes_to_a_return_path_is_answered_once(world: World) -> None:
    delivery = await world.sends()
    for number in range(2):
        raw = f"From: bob@mail.example\nMessage-ID: <{number}@mail.example>\nSubject: hello\n\nhello?\n"
        await world.mail(raw, world.secret(Purpose.BOUNCE, delivery), sender=BOB)
    ((to, words),) = await world.told()
    assert (to, "Testville" in words) == (BOB, True)
    assert await world.state(delivery) == "sent"


async def test_a_machine_that_answers_each_mail_at_its_return_path_is_answered_once_a_day(world: World) -> None:
    """Each answer has a return path of its own."""
    for number in range(3):
        delivery = await world.sends()
        raw = f"From: bob@mail.example\nMessage-ID: <{number}@mail.example>\nSubject: Re: hello\n\nI am away.\n"
        await world.mail(raw, world.secret(Purpose.BOUNCE, delivery), sender=BOB)
    assert len(await world.told()) == 1


@pytest.mark.parametrize("to", ["fbl", "abuse", "help", "postmaster", "bounce", "reply", "unsubscribe"])
async def test_a_complaint_is_obeyed_at_whichever_address_it_comes(world: World, to: str) -> None:
    before = counted("mail_complaints", type="abuse", outcome="obeyed")
    delivery = await world.sends()
    address = {"unsubscribe": f"unsubscribe+{world.stop}@birds.example"}.get(to, f"{to}@birds.example")
    if to in ("bounce", "reply"):
        address = world.secret(Purpose(to), delivery)
    raw = returns.complaint(returned=world.original(delivery))
    assert (await world.mail(raw, address, sender="feedback@provider.example")).startswith("2.0.0")
    assert (await world.box()).complained_at == NOW
    ((phone, words),) = await world.told()
    assert (phone, "reported as spam" in words) == (PHONE, True)
    assert counted("mail_complaints", type="abuse", outcome="obeyed") - before == 1


async def test_a_complaint_that_hides_all_addresses_but_the_link_is_obeyed(world: World) -> None:
    hidden = f"From: help@birds.example\nSubject: hello\nList-Unsubscribe: <https://birds.example/unsubscribe/{world.stop}>\n"
    await world.mail(
        returns.complaint(returned=hidden, kind="text/rfc822-headers"), "fbl@birds.example", sender="f@p.example"
    )
    assert (await world.box()).complained_at == NOW


async def test_a_complaint_that_hides_every_address_and_link_is_obeyed_by_the_message_id(world: World) -> None:
    """As providers return mail that take out whatever could name their customer."""
    delivery = await world.sends()
    raw = returns.complaint(
        fields="Original-Mail-From: <redacted@birds.example>\nOriginal-Rcpt-To: <redacted@mail.example>\n",
        returned="Return-Path: <redacted@birds.example>\nFrom: redacted@birds.example\nTo: redacted@mail.example\n"
        f"Message-ID:\n {message_id(delivery, world.site)}\nReply-To: <redacted@birds.example>\n"
        "List-Unsubscribe: <redacted>\nFeedback-ID: alice:post:birdwire\nSubject: hello\n\n[redacted]\n",
    )
    assert (await world.mail(raw, "fbl@birds.example", sender="feedback@provider.example")).startswith("2.0.0")
    assert (await world.box()).complained_at == NOW
    ((phone, words),) = await world.told()
    assert (phone, "reported as spam" in words) == (PHONE, True)


@pytest.mark.parametrize("forged", ["another's number", "another seal", "no seal", "a reply's seal"])
async def test_a_message_id_that_was_made_up_stops_nothing(world: World, forged: str) -> None:
    one, other = await world.sends(), await world.sends()
    genuine = message_id(one, world.site)
    seal = genuine.split(".")[2].partition("@")[0]
    made_up = {
        "another's number": genuine.replace(f"delivery.{one}.", f"delivery.{other}."),
        "another seal": genuine.replace(seal, seal[::-1]),
        "no seal": f"<delivery.{one}@birds.example>",
        "a reply's seal": genuine.replace(seal, token.make(world.site.key, Purpose.REPLY, one)[-26:]),
    }[forged]
    raw = returns.complaint(returned=f"Message-ID: {made_up}\nTo: {BOB}\nSubject: hello\n\nhello\n")
    await world.mail(raw, "fbl@birds.example", sender="mallory@evil.example")
    assert (await world.box()).dead_at is None
    assert await world.told() == []


async def test_a_complaint_that_anybody_could_have_written_stops_nothing(world: World) -> None:
    before = counted("mail_complaints", type="abuse", outcome="unknown")
    delivery = await world.sends()
    guessed = f"Message-ID: <delivery.{delivery}@birds.example>\nFeedback-ID: alice:post:birdwire\nTo: {BOB}\n"
    raw = returns.complaint(fields=f"Original-Rcpt-To: <{BOB}>\n", returned=guessed)
    await world.mail(raw, "fbl@birds.example", sender="mallory@evil.example")
    assert (await world.box()).dead_at is None
    assert await world.told() == []
    assert counted("mail_complaints", type="abuse", outcome="unknown") - before == 1


async def test_an_opt_out_and_a_not_spam_do_what_they_say(world: World) -> None:
    delivery = await world.sends()
    raw = returns.complaint("not-spam", returned=world.original(delivery))
    await world.mail(raw, "fbl@birds.example", sender="f@p.example")
    assert await world.wants_alice()
    raw = returns.complaint("opt-out", returned=world.original(delivery)).replace("<fbl-1@", "<fbl-2@")
    await world.mail(raw, "fbl@birds.example", sender="f@p.example")
    assert not await world.wants_alice()
    assert (await world.box()).dead_at is None


async def test_a_person_who_writes_to_abuse_is_heard_each_time_and_answered_once(world: World) -> None:
    help_first = "From: eve@mail.example\nMessage-ID: <help@mail.example>\nSubject: HELP\n\nHELP\n"
    await world.mail(help_first, "help@birds.example", sender="eve@mail.example")
    assert len(await world.told()) == 1
    for number in range(2):
        raw = f"From: eve@mail.example\nMessage-ID: <{number}@mail.example>\nSubject: Spam\n\nStop this!\n"
        await world.mail(raw, "abuse@birds.example", sender="eve@mail.example")
    _, (to_operator, handed_on), (to_eve, answer), (again, _) = await world.told()
    assert again == "ops@people.example", "an answer elsewhere, or here, silences nobody"
    assert (to_operator, to_eve) == ("ops@people.example", "eve@mail.example")
    assert "eve@mail.example wrote to abuse@" in handed_on
    assert "Stop this!" in handed_on
    assert "ops@people.example" in answer
    assert "handed on" in answer


GMAILS_OWN = (
    "From: Bob <bob@mail.example>\nSubject: Unsubscribe\nAuto-Submitted: auto-generated\nPrecedence: bulk\n\n"
    "This message was automatically generated.\n"
)  # fmt: skip


@pytest.mark.parametrize("sender", ["", BOB, "somebody@else.example"])
@pytest.mark.parametrize(
    "raw", [GMAILS_OWN, "Subject: x\n\nplease stop\n", "\n", "Subject: FOLLOW alice\n\nFOLLOW alice\n"]
)
async def test_a_mail_to_unsubscribe_does_so_whoever_or_whatever_wrote_it(world: World, sender: str, raw: str) -> None:
    for _ in range(2):
        await world.mail(raw, f"unsubscribe+{world.stop}@birds.example", sender=sender)
        assert not await world.wants_alice()
    assert await world.told() == []


async def test_to_unsubscribe_by_mail_works_when_the_delivery_is_long_gone(world: World) -> None:
    everything = unsubscribe.make(world.site.key, AllMail(world.bob))
    assert (await world.mail("\n", f"unsubscribe+{everything}@birds.example".upper())).startswith("2.0.0")
    async with world.store.reading() as reading:
        bob = await accounts.by_id(reading, world.bob)
    assert bob is not None
    assert bob.email_mode == "off"


async def test_what_can_no_longer_be_unsubscribed_from_is_not_taken(world: World) -> None:
    old = unsubscribe.make(world.site.key, DeliverysMail(999_999))
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await world.mail("\n", f"unsubscribe+{old}@birds.example")
    assert refused.value.code == 550
    kept = unsubscribe.make(world.site.key, DeliverysMail(await world.sends()))
    await world.mail("\n", f"unsubscribe+{kept}@birds.example")
    assert not await world.wants_alice()


MACHINES = {
    "receipt": "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\nSubject: Read: hi",
    "vacation": "Auto-Submitted: auto-replied\nSubject: I am away",
    "list": "List-Id: <birds.lists.example>",
    "bulk": "Precedence: bulk",
    "program": "Auto-Submitted: auto-generated",
    "challenge": "From: <bob-confirm-1132.34567.a0b1c2d3@mail.example>",
    "calendar": "Content-Type: text/calendar; method=REPLY",
    "ours": "X-Loop: birds.example",
    "gateway": "Feedback-ID: carol:post:birdwire",
    "bounce": "X-Failed-Recipients: x@mail.example",
}


@pytest.mark.parametrize("kind", MACHINES)
async def test_what_a_machine_writes_is_never_posted_and_never_answered(world: World, kind: str) -> None:
    delivery = await world.sends()
    before = counted("mail_automatic", kind=kind)
    doors = [world.secret(Purpose.POST, world.alice), world.secret(Purpose.REPLY, delivery),
             "help@birds.example", "abuse@birds.example"]  # fmt: skip
    for number, door in enumerate(doors):
        raw = f"Message-ID: <{number}@mail.example>\n{MACHINES[kind]}\n\nFOLLOW alice\n"
        await world.mail(raw, door, sender=BOB)
    assert await world.told() == []
    assert await world.count() == (4, 1)
    assert counted("mail_automatic", kind=kind) - before == 4


async def test_every_kind_of_automatic_mail_is_seen_by_the_operator(world: World) -> None:
    await world.mail("Precedence: bulk\n\nhello\n", "help@birds.example", sender=BOB)
    assert b'birdwire_mail_automatic_total{kind="bulk"}' in generate_latest(metrics.REGISTRY)


async def test_a_mail_of_a_person_from_a_stopped_mailbox_is_posted_answered_and_takes_it_up(world: World) -> None:
    for _ in range(3):
        await world.mail(report(block("failed", "5.1.1")), world.secret(Purpose.BOUNCE, await world.sends()))
    assert (await world.box()).dead_at is not None
    raw = f"From: {BOB}\nMessage-ID: <1@mail.example>\n\nI am back\n"
    await world.mail(raw, world.secret(Purpose.POST, world.bob), sender=BOB)
    assert (await world.box()).dead_at is None
    assert (await world.count())[1] == 4
