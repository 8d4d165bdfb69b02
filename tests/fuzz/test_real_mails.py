"""Mails as programs write them, mangled: each is understood, each gets an answer of SMTP at every door, and the next
mail is taken."""

import re
import zlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from gateway import daemon
from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.types import Channel, Lane, PostKind, Source
from gateway.domain.unsubscribe import AuthorsMail
from gateway.service import identity, joining
from inbound.message import BounceAddress, ComplaintAddress, Door, HelpAddress, PostingAddress, ReplyAddress
from store import accounts, addresses, fanouts, posts
from store.posts import NewPost
from store.schema import addresses as mailboxes
from store.schema import deliveries
from tests.fuzz.conftest import House
from tests.fuzz.real_mails import CHANGES, MAILS, MANGLED, Mangled
from tests.fuzz.test_mails import understood
from tests.fuzz.test_smtp_bytes import GREETINGS, the_next_mail_is_taken
from tests.fuzz.trying import bounded, converse, tried

DOORS: dict[str, Door] = {
    "post+alice@birds.example": PostingAddress(7),
    "reply+x@birds.example": ReplyAddress(40),
    "bounce+x@birds.example": BounceAddress(40),
    "abuse@birds.example": ComplaintAddress(),
    "help@birds.example": HelpAddress(),
}
BOB = "bob@mail.example"


@tried(120, 20_000)
@given(mangled=MANGLED, sender=st.sampled_from(["a@home.example", ""]))
def test_a_mangled_mail_is_understood(mangled: Mangled, sender: str) -> None:
    understood(mangled.content, sender, DOORS)


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_changes_mails_and_they_are_understood(change: str) -> None:
    """So that each is tried in the short form, too."""
    chosen = zlib.crc32(change.encode()) % 9
    changed = [Mangled(number, ((change, 0.4),), other=number // 2).content for number in range(len(MAILS))]
    assert sum(new != old for new, old in zip(changed, MAILS, strict=True)) >= len(MAILS) / 9
    for content in changed[chosen::9]:
        understood(content, "a@home.example", DOORS)


@dataclass(frozen=True, slots=True)
class Doors:
    """Every address that a mail may come to for what alice wrote to bob."""

    delivery: int
    addresses: tuple[str, ...]


async def doors_of(house: House) -> Doors:
    """alice writes to bob, and he has it."""
    now = daemon.now()
    async with house.store.unit() as unit:
        key = await identity.key(unit, "")
        alice = await accounts.by_name(unit, "alice")
        bob = await accounts.create(unit, "bob", now=now)
        assert alice is not None
        assert bob is not None
        box = await joining.give_address(unit, bob, Channel.EMAIL, BOB, how="web", now=now)
        post = await posts.add(unit, NewPost(alice.id, PostKind.POST, "Tea?", Source.SMS, now))
        await fanouts.queue_for(unit, post, [bob], lane=Lane.FIRST, now=now)
        sent = update(deliveries).where(deliveries.c.post_id == post)
        values = {"state": "sent", "attempt": 1, "sent_to_id": box.id, "settled_at": now}
        delivery: int = (await unit.execute(sent.values(values).returning(deliveries.c.id))).scalar_one()
    secrets = [(purpose, token.make(key, purpose, delivery)) for purpose in (Purpose.REPLY, Purpose.BOUNCE)]
    secrets.append((Purpose.UNSUBSCRIBE, unsubscribe.make(key, AuthorsMail(bob, alice.id))))
    named = [f"{purpose}+{secret}@birds.example" for purpose, secret in secrets]
    return Doors(delivery, (house.posting_address, *named, "help@birds.example", "abuse@birds.example"))


async def make_good(house: House, doors: Doors) -> None:
    """What the mail before did to bob is undone, so that this one leads as far."""
    async with house.store.unit() as unit:
        out = update(deliveries).where(deliveries.c.id == doors.delivery)
        await unit.execute(out.values(state="sent", settled_at=daemon.now()))
        box = await addresses.find(unit, "email", BOB)
        assert box is not None
        good = {"dead_at": None, "complained_at": None, "opted_out_at": None, "bounces": 0, "soft_days": 0}
        await unit.execute(update(mailboxes).where(mailboxes.c.id == box.id).values(good))


@pytest.mark.parametrize(
    ("store_url", "house"), [("sqlite", "smtp"), ("postgresql", "lmtp")], indirect=True, ids=["smtp", "lmtp"]
)
@tried(40, 5000)
@given(mangled=MANGLED, sender=st.sampled_from([BOB, "", "a{n}@home.example"]))
async def test_a_mangled_mail_is_answered_at_every_door_and_the_next_one_is_taken(
    house: House, request: pytest.FixtureRequest, mangled: Mangled, sender: str
) -> None:
    protocol = request.node.callspec.params["house"]
    doors: Doors = house.kept or await doors_of(house)
    house.kept = doors
    await make_good(house, doors)
    new_id = b"Message-ID: <%d." % house.proper
    content = re.sub(rb"(?mi)^message-id: <", new_id, mangled.content)
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
    said = [b"RCPT TO:<%s>\r\n" % each.encode() for each in doors.addresses]
    before = GREETINGS[protocol] + b"MAIL FROM:<%s>\r\n" % sender.format(n=house.proper).encode() + b"".join(said)
    with bounded():
        answer = await converse(house.mail_port, before + b"DATA\r\n" + stuffed + b"\r\n.\r\nQUIT\r\n")
    replies = answer.partition(b"\r\n354 ")[2].split(b"\r\n")[1:-1]
    assert replies[-1].startswith(b"221"), answer
    assert {reply[:3] for reply in replies[:-1]} <= {b"250", b"500", b"554"}, answer
    assert len(replies) == 1 + (len(doors.addresses) if protocol == "lmtp" else 1), answer
    await the_next_mail_is_taken(house, protocol)
    house.nothing_went_wrong()
