"""Whole conversations with the mail door at the two kinds of address that ask who sends."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest
from structlog.testing import capture_logs

from gateway.service.doors import Opened, Posting, Refused, Replying, Shared
from gateway.service.senders import Welcome
from inbound.automatic import Kind
from inbound.mail import InboundMailSettings, MailDoor
from inbound.message import (
    Inbound,
    OwnersReplyAddress,
    PostingAddress,
    ProvenSender,
    ReplyAddress,
    SharedAddress,
)
from inbound.trust.questions import Resolver
from tests.inbound.envelopes import attached
from tests.inbound.sending import TROUBLE, Sender, Silence, Zone, written
from tests.inbound.talking import Pile, connected

DOMAIN = "birds.example"
POST = f"post@{DOMAIN}"
OWN = f"post+own@{DOMAIN}"
OPEN = f"post+open@{DOMAIN}"
ANSWER = f"reply+own@{DOMAIN}"
HOME = Sender("home.example")
MX = "mx.birds.example"


async def resolve(local_part: str) -> Opened | Refused:
    match local_part.lower():
        case "post":
            return Shared()
        case "post+own" | "post+own2" | "post+own3" | "post+own4":
            return Posting(7, checks_sender=True)
        case "post+open":
            return Posting(7)
        case "reply+own":
            return Replying(9, only_from=7)
        case _:
            return Refused("No such address here.")


class Town:
    """Who is known, and what was asked about whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], str, int | None]] = []

    async def __call__(self, spellings: object, words: str, account_id: int | None) -> Welcome | Refused:
        assert isinstance(spellings, tuple)
        self.asked.append((spellings, words, account_id))
        if spellings[0] == "broken@home.example":
            raise RuntimeError("the database is gone")
        if spellings[-1] in ("alice@home.example", "alice@bücher.example"):
            return Welcome(spellings[-1])
        return Refused("Nobody here has this mail address.", "5.7.1")


@asynccontextmanager
async def opened(pile: Pile, dns: Resolver, town: Town, **changes: object) -> AsyncIterator[MailDoor]:
    settings = InboundMailSettings(**{"port": 0, "grace": 5.0, **changes})  # type: ignore[arg-type]  # a test names only what it changes
    door = MailDoor(settings, DOMAIN, pile, resolve, town, dns)
    await door.start()
    try:
        async with asyncio.timeout(60):
            yield door
    finally:
        await door.close()


@pytest.fixture
async def pile() -> Pile:
    return Pile()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def door(pile: Pile, town: Town) -> AsyncIterator[MailDoor]:
    async with opened(pile, Zone().add(HOME.records), town) as door:
        yield door


async def send(
    door: MailDoor, mail: bytes, *to: str, sender: str = "bounces@elsewhere.example"
) -> dict[str, tuple[int, bytes]]:
    """Send it by the standard library's client; raises what it raises when it is refused."""

    def talk() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", door.port) as client:
            return client.sendmail(sender, list(to or (POST,)), mail)

    return await asyncio.to_thread(talk)


async def refusal(door: MailDoor, mail: bytes, *to: str, sender: str = "bounces@elsewhere.example") -> str:
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await send(door, mail, *to, sender=sender)
    words = refused.value.smtp_error
    assert isinstance(words, bytes)
    assert words.isascii()
    assert len(words) < 400
    return f"{refused.value.smtp_code} {words.decode()}"


async def test_a_proven_mail_to_everybodys_address_is_its_authors(door: MailDoor, pile: Pile, town: Town) -> None:
    await send(door, HOME.sign(written()))
    (message,) = pile.messages
    assert (message.door, message.sender, message.text) == (ProvenSender(), "alice@home.example", "Tea at four?")
    assert town.asked == [(("alice@home.example",), "Tea at four?", None)]


async def test_a_proven_mail_to_its_owners_address_is_the_owners(door: MailDoor, pile: Pile, town: Town) -> None:
    await send(door, HOME.sign(written(to=OWN)), OWN)
    (message,) = pile.messages
    assert (message.door, message.sender) == (PostingAddress(7), "alice@home.example")
    assert town.asked == [(("alice@home.example",), "Tea at four?", 7)]


async def test_a_proven_answer_to_its_owner_s_mail_is_the_owner_s(door: MailDoor, pile: Pile, town: Town) -> None:
    await send(door, HOME.sign(written(to=ANSWER)), ANSWER)
    (message,) = pile.messages
    assert (message.door, message.sender) == (ReplyAddress(9), "alice@home.example")
    assert town.asked == [(("alice@home.example",), "Tea at four?", 7)]


async def test_a_proven_answer_of_somebody_else_is_refused_as_at_the_posting_address(
    door: MailDoor, pile: Pile
) -> None:
    words = await refusal(door, HOME.sign(written(sender="bob@home.example", to=ANSWER)), ANSWER)
    assert words == await refusal(door, HOME.sign(written(sender="bob@home.example", to=OWN)), OWN)
    assert pile.messages == []


@pytest.mark.parametrize("address", [POST, OWN, ANSWER])
async def test_a_forged_mail_is_refused_with_words_and_the_next_one_works(
    door: MailDoor, pile: Pile, town: Town, address: str
) -> None:
    words = await refusal(door, written(to=address), address)
    assert words.startswith("550 5.7.26 It is not proven that this mail is from home.example")
    assert ("secret posting address" in words) is (address == POST)
    assert (pile.messages, town.asked) == ([], [])
    await send(door, HOME.sign(written(to=address)), address)
    assert len(pile.messages) == 1


async def test_a_secret_address_without_a_check_asks_nothing_and_reads_no_head(pile: Pile, town: Town) -> None:
    zone = Zone()
    async with opened(pile, zone, town) as door:
        await send(door, b"From : x\rFrom: y\r\n\r\nhello\r\n", OPEN)
        await send(door, written(), OPEN)
    assert [message.text for message in pile.messages] == ["hello", "Tea at four?"]
    assert {message.sender for message in pile.messages} == {"bounces@elsewhere.example"}
    assert (zone.asked, town.asked) == ([], [])


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (written().replace(b"From: ", b"X-From: "), "550 5.7.1 This mail has no From line"),
        (written("From: ceo@bank.example"), "550 5.7.1 From has more than one address"),
        (written(sender="alice@home.example>, <bob@home.example"), "550 5.7.1 From has more than one address"),
        (written(sender="alice"), "550 5.7.1 From cannot be read without doubt"),
        (
            written().replace(b"Alice", b"ceo@bank.example"),
            "550 5.7.1 The name in From looks like another mail address",
        ),
        (written("Resent-From: bob@work.example"), "550 5.7.1 This mail was passed on by somebody else"),
        (b"X: y\rZ: q\r\n" + written(), "550 5.6.0 The head of this mail"),
        (written().replace(b"From:", b"From :"), "550 5.6.0 The head of this mail"),
        (written(to="bob@work.example"), f"550 5.7.1 To and Cc do not name {POST}"),
        (
            HOME.sign(written(date="Mon, 23 Nov 2020 09:30:00 +0000")),
            "550 5.7.1 This mail says that it was written more",
        ),
        (
            b"Subject: other\r\n" + HOME.sign(written()),
            "550 5.6.0 The head of this mail is not written as mail must be, so it is not certain who wrote it. Your"
            " secret posting address needs no proof.",
        ),
        (HOME.sign(written(), "from"), "550 5.7.26 The signature (DKIM) of your mail service does not cover To"),
        (HOME.sign(written(sender="bob@home.example")), "550 5.7.1 Nobody here has this mail address."),
    ],
)
async def test_each_refusal_says_what_to_do(door: MailDoor, pile: Pile, mail: bytes, words: str) -> None:
    assert (await refusal(door, mail)).startswith(words)
    assert pile.messages == []


async def test_certified_mail_is_refused_where_it_counts_who_wrote_it_and_taken_elsewhere(
    pile: Pile, town: Town
) -> None:
    """What is proven of the envelope is not proven of the words inside: the mark on it is anybody's to put there."""
    inside = attached().replace("mario@azienda.example", "mallory@elsewhere.example").replace("\n", "\r\n")
    head, _, _ = written().partition(b"\r\n\r\n")
    mail = head + f"\r\nContent-Type: multipart/mixed; boundary=M\r\n\r\n--M\r\n{inside}\r\n--M--\r\n".encode()
    genuine = HOME.sign(mail)
    zone = Zone(dict(HOME.records))
    async with opened(pile, zone, town) as door:
        await send(door, genuine)
        [told] = pile.messages
        assert isinstance(told.door, ProvenSender)
        assert "riunione" not in told.text
        marked = b"X-Trasporto: posta-certificata\r\n" + genuine.replace(b"Message-ID: <1@", b"Message-ID: <2@")
        said = await refusal(door, marked)
        assert said.startswith("550 5.7.1 This is certified mail (PEC), which is From its provider")
        assert said.endswith("Your secret posting address needs no proof.")
        assert (await refusal(door, marked, OWN)).endswith("from an ordinary mailbox.")
        assert (await refusal(door, marked, ANSWER)).endswith("from an ordinary mailbox.")
        await send(door, marked, OPEN)
    assert [message.text for message in pile.messages[1:]] == ["La riunione comincia alle nove."]
    assert len(town.asked) == 1


async def test_name_servers_in_trouble_mean_come_again(pile: Pile, town: Town) -> None:
    zone = Zone({("s1._domainkey.home.example", "TXT"): TROUBLE})
    async with opened(pile, zone, town) as door:
        mail = HOME.sign(written())
        assert (await refusal(door, mail)).startswith("451 4.4.3")
        zone.add(HOME.records)
        await send(door, mail)
    assert len(pile.messages) == 1


async def test_name_servers_that_never_answer_hold_up_nobody_else(pile: Pile, town: Town) -> None:
    silence = Silence()
    async with opened(pile, silence, town, proof_timeout=2.0) as door:
        waiting = [asyncio.create_task(refusal(door, HOME.sign(written()))) for _ in range(3)]
        await silence.asked.wait()
        await send(door, written(), OPEN)
        assert not any(task.done() for task in waiting)
        assert len(pile.messages) == 1
        assert {words[:9] for words in await asyncio.gather(*waiting)} == {"451 4.4.3"}


async def test_our_own_fault_is_temporary(door: MailDoor, pile: Pile) -> None:
    words = await refusal(door, HOME.sign(written(sender="broken@home.example")))
    assert words == "451 4.3.0 Something went wrong here. Please try again later."
    await send(door, HOME.sign(written()))
    assert len(pile.messages) == 1


async def test_a_mail_to_several_addresses_is_taken_for_all_or_for_none(door: MailDoor, pile: Pile) -> None:
    assert (await refusal(door, written(), OPEN, POST)).startswith("550 5.7.26")
    assert pile.messages == []
    await send(door, HOME.sign(written(to=f"{POST}, {OWN}")), OPEN, POST, OWN)
    assert {message.to for message in pile.messages} == {OPEN, POST, OWN}


async def test_over_lmtp_each_address_has_an_answer_of_its_own(pile: Pile, town: Town) -> None:
    async with opened(pile, Zone().add(HOME.records), town, protocol="lmtp") as door, connected(door) as line:
        await line.hear()
        await line.ask(b"LHLO me\r\n")
        await line.ask(b"MAIL FROM:<a@home.example>\r\n")
        for address in (POST, OPEN, OWN):
            await line.ask(b"RCPT TO:<%s>\r\n" % address.encode())
        await line.ask(b"DATA\r\n")
        answers = [await line.ask(written() + b".\r\n"), await line.hear(), await line.hear()]
    assert [answer[:9] for answer in answers] == ["550 5.7.2", "250 2.0.0", "550 5.7.1"]


async def test_behind_an_lmtp_server_spf_says_nothing(pile: Pile, town: Town) -> None:
    zone = Zone({("home.example", "TXT"): "v=spf1 +all"})
    async with opened(pile, zone, town, protocol="lmtp") as door, connected(door) as line:
        await line.hear()
        await line.ask(b"LHLO me\r\n")
        await line.ask(b"MAIL FROM:<alice@home.example>\r\n")
        await line.ask(b"RCPT TO:<%s>\r\n" % POST.encode())
        await line.ask(b"DATA\r\n")
        assert (await line.ask(written() + b".\r\n")).startswith("550 5.7.26")
    assert zone.asked == []


async def from_elsewhere(door: MailDoor, sender: bytes, by: bytes = b"192.0.2.1") -> str:
    """What is answered to a client whose address a proxy names."""
    async with connected(door) as line:
        await line.ask(b"PROXY TCP4 %s 198.51.100.1 40000 25\r\n" % by)
        for command in (b"EHLO me", b"MAIL FROM:<%s>" % sender, b"RCPT TO:<%s>" % POST.encode(), b"DATA"):
            assert (await line.ask(command + b"\r\n"))[0] in "23"
        return await line.ask(written() + b".\r\n")


async def test_the_client_s_address_and_return_path_are_what_spf_is_asked_about(pile: Pile, town: Town) -> None:
    zone = Zone({("home.example", "TXT"): "v=spf1 ip4:192.0.2.1 -all"})
    behind = {"proxies": ("127.0.0.1",), "greet_pause": 0.0}
    async with opened(pile, zone, town, **behind) as door:
        assert (await from_elsewhere(door, b"alice@other.example")).startswith("550 5.7.26")
        assert (await from_elsewhere(door, b"alice@home.example")).startswith("250")
        assert (await from_elsewhere(door, b"alice@home.example", b"192.0.2.3")).startswith("550 5.7.26")
        zone.add({("home.example", "TXT"): "v=spf1 ip4:192.0.2.2 -all"})
        assert (await from_elsewhere(door, b"alice@home.example")).startswith("550 5.7.26")
    assert [message.sender for message in pile.messages] == ["alice@home.example"]


async def test_the_address_of_a_machine_of_ours_proves_nothing(pile: Pile, town: Town) -> None:
    zone = Zone({("home.example", "TXT"): "v=spf1 +all"})
    ours = {"proxies": ("127.0.0.1",), "own_networks": ("192.0.2.0/24",)}
    async with opened(pile, zone, town, **ours) as door:
        assert (await from_elsewhere(door, b"alice@home.example")).startswith("550 5.7.26")


async def test_mail_that_no_person_wrote_is_not_looked_at(pile: Pile, town: Town) -> None:
    zone = Zone()
    async with opened(pile, zone, town) as door:
        await send(door, written("Auto-Submitted: auto-replied"))
        await send(door, written(), sender="")
        await send(door, written("Auto-Submitted: auto-replied"), ANSWER)
    assert [(m.door, m.automatic) for m in pile.messages] == [
        (SharedAddress(), Kind.VACATION),
        (SharedAddress(), Kind.NOBODY),
        (OwnersReplyAddress(7, 9), Kind.VACATION),
    ]
    assert (zone.asked, town.asked) == ([], [])


async def test_the_operators_own_server_is_believed_and_nobody_else(pile: Pile, town: Town) -> None:
    zone = Zone().add(HOME.records)
    said = f"Authentication-Results: {MX}; dmarc=%s header.from=home.example"
    ours = f"Received: from x (x [203.0.113.5]) by {MX} id 1"
    theirs = "Received: from y (y [198.51.100.7]) by x id 2"
    async with opened(pile, zone, town, trusted_authserv_id=MX) as door:
        await send(door, written(said % "pass", ours, theirs))
        for forged in (
            written(said % "fail", ours, theirs, said % "pass"),
            written(ours, theirs, said % "pass"),
            written(ours, theirs, said.replace(MX, "mx.evil.example") % "pass"),
            HOME.sign(written()),
        ):
            assert (await refusal(door, forged)).startswith("550 5.7")
        assert (await refusal(door, written(said % "temperror", ours, theirs))).startswith("451 4.4.3")
    assert len(pile.messages) == 1
    assert zone.asked == []


async def test_no_more_than_three_addresses_that_ask_may_be_in_one_mail(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        await line.ask(b"MAIL FROM:<a@home.example>\r\n")
        asked = [f"post+own{n}@{DOMAIN}" for n in ("", 2, 3, 4)]
        answers = [await line.ask(b"RCPT TO:<%s>\r\n" % each.encode()) for each in [*asked, OPEN]]
    assert [answer[:3] for answer in answers] == ["250", "250", "250", "452", "250"]


async def test_nobody_can_have_another_ones_mail_taken_for_a_repeated_one(door: MailDoor, pile: Pile) -> None:
    other = Sender("xn--bcher-kva.example")
    async with opened(pile, Zone().add(HOME.records).add(other.records), Town()) as wider:
        await send(wider, other.sign(written(sender="alice@bücher.example")))
        await send(wider, HOME.sign(written()))
        await send(wider, HOME.sign(written()))
    first, second, again = pile.messages
    assert (first.sender, second.sender) == ("alice@bücher.example", "alice@home.example")
    assert first.remote_id != second.remote_id
    assert second.remote_id == again.remote_id


@pytest.mark.parametrize("address", [POST, OWN, ANSWER])
async def test_who_got_a_signed_mail_cannot_have_it_posted_once_more_under_another_message_id(
    door: MailDoor, pile: Pile, address: str
) -> None:
    """Some large services do not sign the Message-ID."""
    mail = HOME.sign(written(to=f"{address}, mallory@evil.example"), "from", "to", "date", "subject")
    await send(door, mail, address)
    await send(door, mail.replace(b"<1@home.example>", b"<2@evil.example>"), address, sender="mallory@evil.example")
    first, again = pile.messages
    assert first.remote_id == again.remote_id
    await send(door, HOME.sign(written(to=address, text="And at five?"), "from", "to", "date", "subject"), address)
    assert pile.messages[2].remote_id != first.remote_id


async def test_the_log_says_the_verdict_and_names_nobody(door: MailDoor, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logged:
        await send(door, HOME.sign(written()))
        await refusal(door, written())
        await refusal(door, HOME.sign(written()).replace(b"four", b"five"))
    entries = [entry for entry in logged if entry["event"] == "mail.sender"]
    assert [(entry["verdict"], str(entry["why"])) for entry in entries] == [
        ("dkim", ""),
        ("unproven", "nobody says so"),
        ("unproven", "nobody says so"),
    ]
    assert "home.example" not in str(logged)
    assert not caplog.records


async def test_a_mail_from_an_ordinary_program_is_proven_as_it_is(door: MailDoor, pile: Pile) -> None:
    message = EmailMessage()
    message["From"] = "Alice Ünal <alice@home.example>"
    message["To"] = f"Birds <{POST}>"
    message["Subject"] = "Grüße"
    message["Message-ID"] = "<2@home.example>"
    message.set_content("Kaffee um vier?\n")
    message.add_attachment(b"\x89PNG" * 30_000, maintype="image", subtype="png", filename="owl.png")
    await send(door, HOME.sign(message.as_bytes(policy=message.policy.clone(linesep="\r\n"))))
    taken: Inbound
    (taken,) = pile.messages
    assert (taken.text, taken.dropped, taken.sender) == ("Kaffee um vier?", 1, "alice@home.example")
