"""ARC: mail that somebody passed on, whom the operator trusts or does not."""

import pytest

from inbound.trust.author import Author
from inbound.trust.prover import By, Client, Proven, Prover, Trust, Undecided, Unproven, Verdict, Why
from tests.inbound.sending import TROUBLE, Sender, Zone, written

POST = "post@birds.example"
CLIENT = Client("192.0.2.77", "out.forwarder.example", "srs0=x@forwarder.example")
HOME = Sender("home.example")
FORWARDER = Sender("forwarder.example", rsa=True)
SECOND = Sender("second.example", rsa=True)
STRANGER = Sender("stranger.example", rsa=True)
FOUND = "dkim=pass header.d=home.example; dmarc=pass header.from=home.example"
YES = Proven(Author("alice", "home.example"), By.ARC)
NO = Unproven(Why.NOBODY_SAYS_SO, "home.example")


async def judge(mail: bytes, *trusted: str, zone: Zone | None = None, address: str = POST) -> Verdict:
    zone = zone or zone_of()
    return await Prover(Trust(sealers=frozenset(trusted)), zone).who_wrote(mail, CLIENT, address)


def zone_of() -> Zone:
    zone = Zone()
    for each in (HOME, FORWARDER, SECOND, STRANGER):
        zone.add(each.records)
    return zone


def passed_on(results: str = FOUND, by: Sender = FORWARDER) -> bytes:
    """A mail whose own signature broke on the way."""
    return by.seal(HOME.sign(written()).replace(b"Subject: tea", b"Subject: [fwd] tea"), results)


async def test_a_forwarder_that_is_trusted_is_believed() -> None:
    assert await judge(passed_on(), "forwarder.example") == YES


async def test_what_it_passed_on_long_ago_is_not_believed_any_more() -> None:
    old = written(date="Mon, 23 Nov 2020 12:00:00 +0000")
    assert await judge(FORWARDER.seal(old, FOUND), "forwarder.example") == NO


async def test_anybody_else_is_not() -> None:
    assert await judge(passed_on()) == NO
    assert await judge(passed_on(), "other.example") == NO
    assert await judge(passed_on(by=STRANGER), "forwarder.example") == NO


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=fail header.from=home.example",
        "dmarc=pass header.from=other.example",
        "dkim=pass header.d=forwarder.example",
        "dmarc=temperror header.from=home.example",
    ],
)
async def test_what_it_did_not_find_is_not_believed(results: str) -> None:
    assert await judge(passed_on(results), "forwarder.example") == NO


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Tea at four?", b"Tea at five?"),
        (b"Alice <alice@", b"Alice <bob@"),
        (b"dmarc=pass header.from=home.example", b"dmarc=pass header.from=evil.example"),
        (b"ARC-Seal", b"X-Seal"),
        (b"ARC-Authentication-Results", b"X-Results"),
        (b"ARC-Message-Signature", b"X-Signature"),
        (b"d=forwarder.example", b"d=FORWARDER.example"),
        (b"i=1", b"i=2"),
        (b"i=1", b"i=x"),
    ],
)
async def test_a_chain_that_was_touched_is_worth_nothing(old: bytes, new: bytes) -> None:
    mail = passed_on()
    assert old in mail
    assert isinstance(await judge(mail.replace(old, new), "forwarder.example"), Unproven)


async def test_a_seal_is_no_good_for_another_mail() -> None:
    chain = passed_on().partition(b"DKIM-Signature:")[0]
    assert b"ARC-Seal" in chain
    assert await judge(chain + written(text="Something else"), "forwarder.example") == NO


async def test_results_that_are_put_beside_the_sealed_ones_end_the_chain() -> None:
    forged = b"ARC-Authentication-Results: i=1; forwarder.example; dmarc=pass header.from=home.example\r\n"
    mail = passed_on("dmarc=fail header.from=home.example")
    assert await judge(forged + mail, "forwarder.example") == NO
    head, _, rest = mail.partition(b"\r\n\r\n")
    assert await judge(head + b"\r\n" + forged + b"\r\n" + rest, "forwarder.example") == NO


def twice(first: Sender, second: Sender, *, second_found: str = "dmarc=fail header.from=home.example") -> bytes:
    """A mail that two passed on; the second found that the chain held."""
    return second.seal(passed_on(by=first), f"arc=pass; {second_found}")


async def test_of_several_all_must_be_trusted_from_the_newest_down_to_the_one_that_is_believed() -> None:
    mail = twice(FORWARDER, SECOND)
    assert await judge(mail, "forwarder.example", "second.example") == YES
    assert await judge(mail, "forwarder.example") == NO
    assert await judge(mail, "second.example") == NO
    assert await judge(twice(STRANGER, FORWARDER), "forwarder.example") == NO
    assert await judge(twice(STRANGER, FORWARDER, second_found=FOUND), "forwarder.example") == YES


async def test_what_was_passed_on_must_have_been_written_to_us() -> None:
    mail = FORWARDER.seal(written(to="bob@work.example"), FOUND)
    assert await judge(mail, "forwarder.example") == Unproven(Why.NOT_TO_US)
    on_top = b"To: post@birds.example\r\n" + mail
    assert await judge(on_top, "forwarder.example") == NO
    without_to = FORWARDER.seal(written(), FOUND, "from", "subject")
    assert await judge(without_to, "forwarder.example") == NO


async def test_name_servers_that_do_not_answer_mean_later() -> None:
    zone = zone_of().add({("s1._domainkey.forwarder.example", "TXT"): TROUBLE})
    assert isinstance(await judge(passed_on(), "forwarder.example", zone=zone), Undecided)
    zone = zone_of()
    del zone.records["s1._domainkey.forwarder.example", "TXT"]
    assert await judge(passed_on(), "forwarder.example", zone=zone) == NO


async def test_endless_chains_ask_nothing() -> None:
    sets = b"".join(
        b"ARC-Seal: i=%d; d=forwarder.example; s=s%d\r\nARC-Message-Signature: i=%d; a=rsa-sha256; d=forwarder.example;"
        b" s=m%d; h=from:to\r\nARC-Authentication-Results: i=%d; x; none\r\n" % ((n,) * 5)
        for n in range(1, 51)
    )
    zone = zone_of()
    assert await judge(sets + written(), "forwarder.example", zone=zone) == NO
    assert zone.asked == ["TXT _dmarc.home.example", "TXT _dmarc.example"]
