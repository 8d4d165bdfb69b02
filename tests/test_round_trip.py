"""The whole story of a mailbox, told once with each family of mail programs that others wrote: a post by mail, the mail
that it becomes, the answer with the quote below, the bounces, the stop, the proof, and both ways to unsubscribe."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.carrier import Carrier
from tests.clients.client import Arrived, Client
from tests.clients.debian_mail import DebianMail
from tests.clients.node_mail import NodeMail
from tests.clients.returned import SERVERS
from tests.towns import Town, rest, town
from tests.wiring import OUR_NUMBER, free_port

ALICE, BOB, CAROL, DAVE = (f"{name}@mail.example" for name in ("alice", "bob", "carol", "dave"))
PHONE = "+15550001002"
CLIENTS: dict[str, type[NodeMail | DebianMail]] = {"node": NodeMail, "debian": DebianMail}
ACCOUNT, TOKEN = "AC" + "0" * 32, "token"


@dataclass
class World:
    """alice and carol write; bob and dave read both. bob has a phone as well."""

    town: Town
    client: Client
    carrier: Carrier
    to_alice: str
    to_bob: str
    to_carol: str

    async def posts(self, words: str, *, by: str = ALICE) -> None:
        """By mail, as everything here."""
        await self.client.write(by, self.to_alice if by == ALICE else self.to_carol, "x", words)

    async def gets_only_dave(self, words: str, *, by: str = ALICE) -> None:
        """What is posted now comes to dave, and when all is quiet it has not come to bob."""
        await self.posts(words, by=by)
        await self.client.got(DAVE, words)
        await rest(self.town)
        await self.client.look()
        assert not [mail for mail in self.client.arrived if mail.recipient == BOB and words in mail.text]

    async def phone_shows(self, words: str) -> None:
        await self.carrier.wait_for(lambda text: text.to == PHONE and words in text.body)

    def told_of_bounces(self) -> list[str]:
        return [text.body for text in self.carrier.phones[PHONE] if "came back" in text.body]


@pytest.fixture
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with CLIENTS[request.param]() as programs:
        yield programs


@pytest.fixture
async def world(client: Client, tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    port, web = free_port(), free_port()
    url = f"http://127.0.0.1:{web}"
    hook = f"{url}/hooks/twilio/message"
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=hook, numbers=[OUR_NUMBER]) as carrier:
        texts = (
            f'[sms]\nprovider = "twilio"\n[[sms.senders]]\nnumber = "{OUR_NUMBER}"\nsegments_per_second = 100\n'
            f'[sms.twilio]\naccount_sid = "{ACCOUNT}"\nauth_token = "{TOKEN}"\n'
            f'base_url = "{carrier.base_url}"\n'
        )
        async with town(
            tmp_path, store_url, "birds.example", port=port, relay=client.port, url=url, more=texts
        ) as birds:
            client.door = port
            to_alice = await birds.add("alice", ALICE)
            to_carol = await birds.add("carol", CAROL)
            to_bob = await birds.add("bob", BOB, phone=PHONE, reads=("alice", "carol"))
            await birds.add("dave", DAVE, reads=("alice", "carol"))
            yield World(birds, client, carrier, to_alice, to_bob, to_carol)


@pytest.mark.parametrize(
    ("store_url", "client"), [("sqlite", "debian"), ("postgresql", "node")], indirect=True, ids=["debian", "node"]
)
async def test_the_story_of_a_mailbox(world: World) -> None:
    first = await a_post_arrives(world)
    await it_is_answered_and_the_answer_answered(world, first)
    await it_bounces_until_no_more_is_sent(world)
    await it_is_taken_up_again_by_a_code(world)
    await one_click_stops_an_author(world)
    await a_mail_stops_another(world)
    assert len(world.told_of_bounces()) == 1


async def a_post_arrives(world: World) -> Arrived:
    await world.posts("Thé à quatre heures? Gruß, “alice” 🐦")
    mail = await world.client.got(BOB, "Thé à quatre heures? Gruß, “alice” 🐦")
    assert mail.sender.startswith("bounce+")
    assert "alice" in mail.author
    assert "Thé à quatre heures" in mail.subject
    assert "lake house" not in mail.text, "a signature is no part of a post"
    assert not mail.html or "Thé à quatre heures? Gruß, “alice” 🐦" in mail.html
    assert mail.headers["auto-submitted"] == "auto-generated"
    assert mail.headers["reply-to"].strip("<>").startswith("reply+")
    assert "list-id" in mail.headers
    return mail


async def it_is_answered_and_the_answer_answered(world: World, first: Arrived) -> None:
    await world.client.answer(first, "I bring the cake.")
    answer = await world.client.got(ALICE, "I bring the cake.")
    assert "bob" in answer.author
    quoted = "> alice: Thé à quatre heures? Gruß, “alice” 🐦"
    assert own_lines(answer) == ["@alice I bring the cake.", quoted], "what was quoted is no part of an answer"
    await world.client.answer(answer, "And I the spoons.")
    again = await world.client.got(BOB, "And I the spoons.")
    assert own_lines(again) == ["@bob And I the spoons.", "> bob: @alice I bring the cake."]
    assert {mail.subject for mail in (answer, again)} == {f"Re: {first.subject}"}, (
        "mail programs go by the subject, too"
    )
    threads = [set(mail.headers["references"].split()) for mail in (first, answer, again)]
    assert set.intersection(*threads), "all three stand in one thread"


def own_lines(mail: Arrived) -> list[str]:
    """What stands in an answer above the link to its page."""
    return [line for line in mail.text.partition("http")[0].splitlines() if line.strip()]


async def it_bounces_until_no_more_is_sent(world: World) -> None:
    for (server, returned), again in zip(SERVERS.items(), reversed(SERVERS.values()), strict=True):
        await rest(world.town)
        assert world.told_of_bounces() == []
        await world.posts(f"This one is for {server}")
        mail = await world.client.got(BOB, f"This one is for {server}")
        await world.client.hand_in(returned(mail), mail.sender)
        await world.client.hand_in(again(mail), mail.sender)  # it comes back twice, and counts once
    await world.phone_shows("mails to bob@mail.example came back")
    await world.gets_only_dave("Nothing for bob")


async def it_is_taken_up_again_by_a_code(world: World) -> None:
    await world.carrier.text(PHONE, OUR_NUMBER, "EMAIL ON")
    await world.phone_shows("We mailed a code there")
    letter = await world.client.got(BOB, "To allow it, text ")
    code = letter.text.partition("To allow it, text ")[2].split()[0]
    await world.carrier.text(PHONE, OUR_NUMBER, code)
    await world.phone_shows("Mails go to you again")
    await world.posts("bob is back")
    await world.client.got(BOB, "bob is back")


async def one_click_stops_an_author(world: World) -> None:
    mail = await world.client.got(BOB, "bob is back")
    assert await world.client.press_unsubscribe(mail) == 200
    await world.gets_only_dave("One click was enough")


async def a_mail_stops_another(world: World) -> None:
    await world.posts("Does bob still read carol?", by=CAROL)
    mail = await world.client.got(BOB, "Does bob still read carol?")
    await world.client.mail_unsubscribe(mail)
    await world.gets_only_dave("One mail was enough", by=CAROL)
