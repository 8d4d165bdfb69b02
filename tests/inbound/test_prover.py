"""Who wrote a mail, by DKIM, SPF and DMARC: real signatures, and name servers that say what they are told to."""

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from inbound.trust import once, signatures
from inbound.trust.author import Author, NoAuthor
from inbound.trust.prover import By, Client, Proven, Prover, Trust, Undecided, Unproven, Verdict, Why
from inbound.trust.questions import MOST, Questions, Resolver
from tests.inbound.sending import TROUBLE, Records, Sender, Silence, Zone, present, rsa_key, written

POST = "post@birds.example"
ALICE = Author("alice", "home.example")
HOME = Sender("home.example")
EVIL = Sender("evil.example")
SOMEWHERE = Client("192.0.2.99", "somewhere.example", "bounces@elsewhere.example")
FROM_HOME = Client("192.0.2.1", "mx.home.example", "alice@home.example")
DKIM, SPF = Proven(ALICE, By.DKIM), Proven(ALICE, By.SPF)
NOBODY = Unproven(Why.NOBODY_SAYS_SO, "home.example")


async def judge(
    mail: bytes,
    dns: Resolver | Records,
    client: Client = SOMEWHERE,
    *,
    trust: Trust | None = None,
    address: str = POST,
) -> Verdict:
    resolver = Zone(dict(dns)) if isinstance(dns, dict) else dns
    return await Prover(trust or Trust(), resolver).who_wrote(mail, client, address)  # type: ignore[arg-type]  # not a dict by now


# ---- DKIM


@pytest.mark.parametrize("sender", [HOME, Sender("home.example", rsa=True)], ids=["ed25519", "rsa"])
async def test_a_signature_of_the_domain_in_from_proves_it_with_one_question(sender: Sender) -> None:
    zone = Zone().add(sender.records)
    assert await judge(sender.sign(written()), zone) == DKIM
    assert zone.asked == ["TXT s1._domainkey.home.example"]


async def test_nothing_is_believed_without_a_proof() -> None:
    assert await judge(written(), {}) == NOBODY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Tea at four?", b"Tea at five?"),
        (b"From: Alice <alice@", b"From: Alice <bob@"),
        (b"Subject: tea", b"Subject: coffee"),
    ],
)
async def test_what_was_changed_on_the_way_is_not_proven(old: bytes, new: bytes) -> None:
    mail = HOME.sign(written())
    assert old in mail
    assert await judge(mail.replace(old, new), dict(HOME.records)) == NOBODY


async def test_the_key_of_another_domain_proves_nothing() -> None:
    assert await judge(EVIL.sign(written()), {**HOME.records, **EVIL.records}) == NOBODY
    forged = EVIL.sign(written()).replace(b"d=evil.example", b"d=home.example").replace(b"i=@evil", b"i=@home")
    assert b"d=home.example" in forged
    assert await judge(forged, {**HOME.records, **EVIL.records}) == NOBODY


async def test_any_one_of_several_signatures_is_enough() -> None:
    other = Sender("home.example", selector="old")
    mail = EVIL.sign(other.sign(HOME.sign(written())))
    assert await judge(mail, {**HOME.records, **EVIL.records}) == DKIM


async def test_no_more_than_a_few_signatures_are_looked_at() -> None:
    mail = HOME.sign(written())
    for _ in range(10):
        mail = Sender("home.example", selector="gone").sign(mail)
    assert await judge(mail, dict(HOME.records)) == NOBODY


async def test_a_signature_that_does_not_cover_from_counts_for_nothing() -> None:
    mail = HOME.sign_without_from(written(), "to", "subject")
    assert HOME.verifies_as_such(mail)
    assert await judge(mail, dict(HOME.records)) == NOBODY


async def test_a_signature_over_a_part_of_the_body_counts_for_nothing() -> None:
    mail = HOME.sign(written(), length=True)
    assert HOME.verifies_as_such(mail + b"and coffee\r\n")
    assert await judge(mail, dict(HOME.records)) == NOBODY
    assert await judge(mail + b"and coffee\r\n", dict(HOME.records)) == NOBODY


async def test_a_signature_over_sha_1_counts_for_nothing() -> None:
    sender = Sender("home.example", rsa=True)
    mail = sender.sign(written(), algorithm=b"rsa-sha1")
    assert sender.verifies_as_such(mail)
    assert await judge(mail, dict(sender.records)) == NOBODY


def rsa_record(bits: int) -> str:
    return f"v=DKIM1; k=rsa; p={base64.b64encode(rsa_key(bits)[1]).decode()}"


def der(number: int) -> bytes:
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02\x84" + len(octets).to_bytes(4, "big") + octets


def large_key(exponent: int) -> str:
    """A key of 8001 bits. With an exponent as large as that, using it takes as long as a thousand others."""
    inside = der(2**8000 + 1) + der(exponent)
    return f"v=DKIM1; p={base64.b64encode(b'0' + bytes([0x84]) + len(inside).to_bytes(4, 'big') + inside).decode()}"


@pytest.mark.parametrize(
    "record",
    [
        rsa_record(512),
        large_key(2**7999 + 1),
        "v=DKIM1; p=",
        "v=DKIM1; k=rsa; p=nonsense",
        "v=DKIM1; k=ed25519; p=AAAA",
        "v=DKIM1; k=unknown; p=AAAA",
        "v=DKIM2; k=rsa; p=AAAA",
        "v=DKIM1; k=rsa; k=rsa; p=AAAA",
        "p=\u00fc",
        "p=" + "A" * 10_000,
        "",
    ],
    ids=lambda record: record[:30] or "empty",
)
async def test_keys_that_are_none_or_cost_too_much_prove_nothing(record: str) -> None:
    mail = Sender("home.example", rsa=True).sign(written())
    assert await judge(mail, {("s1._domainkey.home.example", "TXT"): record}) == NOBODY


@pytest.mark.parametrize(("exponent", "good"), [(65537, True), (2**32 + 1, False), (2**7999 + 1, False), (1, False)])
async def test_keys_that_cost_too_much_are_not_used(exponent: int, good: bool) -> None:
    name = "s1._domainkey.home.example"
    key = await signatures.key_of(Questions(Zone({(name, "TXT"): large_key(exponent)})), name)
    assert (key is not None) is good


async def test_of_two_keys_in_one_place_neither_counts() -> None:
    both = [HOME.key_record, EVIL.key_record]
    assert await judge(HOME.sign(written()), {("s1._domainkey.home.example", "TXT"): both}) == NOBODY
    other = ["hello", HOME.key_record]
    assert await judge(HOME.sign(written()), {("s1._domainkey.home.example", "TXT"): other}) == DKIM


@pytest.mark.parametrize("line", [b" " * 60_000 + b"x\r\n", b"a b\tc " * 100_000 + b"\r\n"])
async def test_endless_spaces_cost_nothing(line: bytes) -> None:
    mail = HOME.sign(written()) + line * 20
    begun = time.process_time()
    assert await judge(mail, dict(HOME.records)) == NOBODY
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    "signature",
    [
        b"nonsense",
        b"",
        b"v=1; a=ed25519-sha256; d=home.example; s=../../x; h=from:to; bh=A; b=A",
        b"v=1; a=ed25519-sha256; d=home.example; s=s1; h=from:to; bh=!; b=!",
        b"v=1; a=ed25519-sha256; d=home.example; s=s1; h=from:to; bh=A; b=A; t=99999999999; x=" + b"9" * 5000,
        b"v=1; a=ed25519-sha256; d=home.example; s=s1; h=from:to; bh=A; b=A; c=x/y/z",
        b"v=1; a=ed25519-sha256; d=home.example; s=s1; h=from:to; bh=" + b" " * 3000 + b"!; b=A",
        b"v=1; a=ed25519-sha256; d=h\xc3\xb6me.example; s=s1; h=from:to; bh=A; b=A",
        b"v=1; a=ed25519-sha256; d=home.example; s=s1; h=" + b":".join([b"from"] * 500) + b"; bh=A; b=A",
    ],
)
async def test_a_signature_of_any_form_does_no_harm(signature: bytes) -> None:
    mail = b"DKIM-Signature: " + signature + b"\r\n" + written()
    verdict = await judge(mail, dict(HOME.records))
    assert isinstance(verdict, Unproven)
    assert verdict.why in (Why.NOBODY_SAYS_SO, Why.TO_NOT_SIGNED)
    assert await judge(b"DKIM-Signature: " + signature + b"\r\n" + HOME.sign(written()), dict(HOME.records)) == DKIM


# ---- written to us


async def test_a_mail_that_was_written_to_somebody_else_is_not_posted_however_well_it_is_signed() -> None:
    mail = HOME.sign(written(to="bob@work.example"))
    zone = Zone().add(HOME.records)
    assert await judge(mail, zone) == Unproven(Why.NOT_TO_US)
    assert zone.asked == []


async def test_a_to_line_that_was_put_on_top_afterwards_does_not_count() -> None:
    mail = b"To: post@birds.example\r\n" + HOME.sign(written(to="bob@work.example"))
    assert await judge(mail, dict(HOME.records)) == Unproven(Why.TO_NOT_SIGNED, "home.example")


async def test_a_to_line_that_is_not_signed_does_not_count() -> None:
    mail = HOME.sign(written(), "from", "subject", "date")
    assert await judge(mail, dict(HOME.records)) == Unproven(Why.TO_NOT_SIGNED, "home.example")
    assert await judge(mail, {**HOME.records, **SPF_OF_HOME}, FROM_HOME) == SPF


async def test_cc_is_as_good_as_to_and_the_name_beside_it_does_not_matter() -> None:
    for line in ("Bob <bob@work.example>, Birds <Post@Birds.example>", "post@birds.example (birds)"):
        mail = HOME.sign(written(f"Cc: {line}", to="bob@work.example"))
        assert await judge(mail, dict(HOME.records)) == DKIM


@pytest.mark.parametrize("to", ["repost@birds.example", "post@birds.example.evil.example", "post@birds.examples"])
async def test_an_address_that_only_contains_ours_is_another(to: str) -> None:
    assert await judge(HOME.sign(written(to=to)), dict(HOME.records)) == Unproven(Why.NOT_TO_US)


@pytest.mark.parametrize(
    "to",
    [
        '"post@birds.example" <mallory@evil.example>',
        "post@birds.example <mallory@evil.example>",
        "'post@birds.example' <mallory@evil.example>",
        "Birds (post@birds.example) <mallory@evil.example>",
        "<post@birds.example> <mallory@evil.example>",
        '"Mallory, <post@birds.example>, " <mallory@evil.example>',
        r'"Mallory \", <post@birds.example>, " <mallory@evil.example>',
        "mallory@evil.example (nested (comments), post@birds.example, here)",
        "Mallory <mallory@evil.example>, post@birds.example <mallory@evil.example>",
        'post@birds.example, "an end that is missing <mallory@evil.example>',
        "=?utf-8?q?post=40birds=2Eexample?= <mallory@evil.example>",
    ],
)
async def test_a_name_that_looks_like_our_address_is_not_our_address(to: str) -> None:
    """Who answers somebody that calls himself so has written to him, and not to everybody."""
    mail = HOME.sign(written(to=to))
    assert await judge(mail, dict(HOME.records)) == Unproven(Why.NOT_TO_US)
    results = "Authentication-Results: mx.birds.example; dmarc=pass header.from=home.example"
    told = await judge(written(results, to=to), {}, trust=Trust(server="mx.birds.example"))
    assert told == Unproven(Why.NOT_TO_US)


@pytest.mark.parametrize(
    "to",
    [
        "<post@birds.example>",
        '"Birds, all of them" <POST@birds.example>',
        "Birds of Testville (a town) <post@birds.example> (everybody's)",
        "bob@work.example,\r\n\tBirds <post@birds.example>,carol@work.example",
        "Friends: bob@work.example, post@birds.example;",
        '"post@birds.example" <post@birds.example>',
        "'post@birds.example' <post@birds.example>; bob@work.example",
        "=?utf-8?q?V=C3=B6gel?= <post@birds.example>, Bob O'Neil <bob@work.example>",
    ],
)
async def test_our_address_is_found_among_others(to: str) -> None:
    assert await judge(HOME.sign(written(to=to)), dict(HOME.records)) == DKIM


async def test_nine_hundred_signatures_over_a_long_to_line_cost_nothing() -> None:
    line = ",\r\n ".join(["(a) b@c.example"] * 2500)
    mail = written(*["DKIM-Signature: a=ed25519-sha256; d=h.test; s=s; h=to:from"] * 900, to=line)
    begun = time.process_time()
    assert await judge(mail.replace(b"Subject", b"Cc: post@birds.example\r\nSubject", 1), {}) == NOBODY
    assert time.process_time() - begun < 2


# ---- once


@pytest.mark.parametrize(
    "field",
    [
        "Message-ID: <2@home.example>",
        "Subject: something else",
        "Date: Thu, 01 Jan 2099 00:00:00 +0000",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: base64",
        "In-Reply-To: <3@home.example>",
    ],
)
async def test_what_is_put_above_what_was_signed_changes_nothing_as_it_is_not_read(field: str) -> None:
    """Readers of mail take the first of two fields, and a signature covers the last."""
    mail = HOME.sign(written("MIME-Version: 1.0", "Content-Type: text/plain", "Content-Transfer-Encoding: 7bit",
                             "In-Reply-To: <0@home.example>"))  # fmt: skip
    assert await judge(mail, dict(HOME.records)) == DKIM
    forged = f"{field}\r\n".encode() + mail
    assert HOME.verifies_as_such(mail)
    assert await judge(forged, dict(HOME.records)) == Unproven(Why.UNREADABLE)
    assert await judge(forged, {**HOME.records, **SPF_OF_HOME}, FROM_HOME) == Unproven(Why.UNREADABLE)


async def test_a_field_that_stands_there_twice_and_says_the_same_can_be_read_in_one_way_only() -> None:
    mail = HOME.sign(written("MIME-Version: 1.0", "Content-Type: text/plain"))
    assert await judge(b"mime-version:  1.0\r\nSubject: tea\r\n" + mail, dict(HOME.records)) == DKIM


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        ("Mon, 23 Nov 2026 12:00:00 +0000", DKIM),
        ("Tue, 17 Nov 2026 12:01:00 -0000", DKIM),
        ("Tue, 17 Nov 2026 13:59:00 +0200", Unproven(Why.OLD, "home.example")),
        ("Mon, 23 Nov 2025 12:00:00 +0000", Unproven(Why.OLD, "home.example")),
        ("Tue, 24 Nov 2026 11:59:00 GMT", DKIM),
        ("Tue, 24 Nov 2026 12:01:00 GMT", Unproven(Why.OLD, "home.example")),
        ("Fri, 01 Jan 2100 00:00:00 +0000", Unproven(Why.OLD, "home.example")),
        ("Mon, 23\r\n Nov 2026 12:00:00 +0000 (UTC)", DKIM),
        ("yesterday", DKIM),
        ("Mon, 99 Nov 99999999999999999999 99:99:99 +9999", DKIM),
    ],
)
async def test_a_signature_over_an_old_date_proves_nothing_but_who_comes_himself_may_be_late(
    date: str, verdict: Verdict
) -> None:
    mail = HOME.sign(written(date=date))
    assert await Prover(Trust(), Zone().add(HOME.records), lambda: NOW).who_wrote(mail, SOMEWHERE, POST) == verdict
    both = Zone().add(HOME.records).add(SPF_OF_HOME)
    late = await Prover(Trust(), both, lambda: NOW).who_wrote(mail, FROM_HOME, POST)
    assert late == (DKIM if verdict == DKIM else SPF)


async def test_a_signature_counts_for_no_longer_than_what_came_in_is_remembered() -> None:
    """However far ahead its date lies: from the first minute in which it counts to the last are seven days at most."""
    mail = HOME.sign(written(date="Mon, 23 Nov 2026 12:00:00 +0000"))
    moments = [NOW + timedelta(days=day, minutes=minute) for day in range(-2, 9) for minute in (-1, 0, 1)]
    counts = []
    for at in moments:
        prover = Prover(Trust(), Zone().add(HOME.records), partial(datetime.fromisoformat, at.isoformat()))
        if isinstance(await prover.who_wrote(mail, SOMEWHERE, POST), Proven):
            counts.append(at)
    assert timedelta(days=5) < max(counts) - min(counts) <= once.LONGEST


async def test_a_date_that_is_not_signed_says_nothing() -> None:
    mail = HOME.sign(written(date="Mon, 23 Nov 2020 12:00:00 +0000"), "from", "to", "message-id")
    assert await judge(mail, dict(HOME.records)) == DKIM


async def test_a_mail_whose_message_id_is_not_signed_is_known_by_its_signature() -> None:
    mail = HOME.sign(written(), "from", "to", "date", "subject")
    first = await judge(mail, dict(HOME.records))
    again = await judge(mail.replace(b"<1@home", b"<2@home"), dict(HOME.records))
    folded = await judge(mail.replace(b" b=", b" b=\r\n\t  ", 1), dict(HOME.records))
    assert isinstance(first, Proven)
    assert first.mark
    assert first == again == folded
    # 64 bytes leave four bits of the last letter to spare, which are no part of the signature
    letter = mail.index(b"==\r\n") - 1
    spare = mail[:letter] + bytes([mail[letter] + 1]) + mail[letter + 1 :]
    assert HOME.verifies_as_such(spare)
    assert await judge(spare, dict(HOME.records)) == first
    other = await judge(HOME.sign(written(text="Tea at five?"), "from", "to", "date", "subject"), dict(HOME.records))
    assert isinstance(other, Proven)
    assert other.mark != first.mark


# ---- SPF

SPF_OF_HOME: Records = {("home.example", "TXT"): "v=spf1 ip4:192.0.2.1 -all"}


async def test_spf_of_the_domain_in_from_proves_it() -> None:
    zone = Zone().add(SPF_OF_HOME)
    assert await judge(written(), zone, FROM_HOME) == SPF
    assert zone.asked == ["TXT home.example"]


@pytest.mark.parametrize(
    "client",
    [
        replace(FROM_HOME, ip="192.0.2.2"),
        replace(FROM_HOME, ip="2001:db8::1"),
        replace(FROM_HOME, ip=""),
        replace(FROM_HOME, ip="127.0.0.1"),
        replace(FROM_HOME, ip="::ffff:127.0.0.1"),
        replace(FROM_HOME, ip="10.0.0.1"),
        replace(FROM_HOME, ip="192.168.0.1"),
        replace(FROM_HOME, ip="fd00::1"),
        replace(FROM_HOME, ip="::1"),
        replace(FROM_HOME, ip="nonsense"),
        replace(FROM_HOME, sender=""),
        replace(FROM_HOME, sender="<>"),
        replace(FROM_HOME, sender="alice@elsewhere.example"),
        replace(FROM_HOME, sender="alice@home.example@elsewhere.example"),
    ],
)
async def test_another_client_or_return_path_is_no_proof(client: Client) -> None:
    records = {
        (
            "home.example",
            "TXT",
        ): "v=spf1 ip4:192.0.2.1 ip4:127.0.0.0/8 ip4:10.0.0.0/8 ip4:192.168.0.0/16 ip6:fd00::/8 -all",
        ("elsewhere.example", "TXT"): "v=spf1 +all",
    }
    assert await judge(written(), records, client) == NOBODY


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", SPF),
        ("v=spf1 include:_spf.esp.example -all", SPF),
        ("v=spf1 mx -all", SPF),
        ("v=spf1 exists:%{l}.users.home.example -all", SPF),
        ("v=spf1 ~all", NOBODY),
        ("v=spf1 ?all", NOBODY),
        ("v=spf1 -all", NOBODY),
        ("v=spf1 nonsense", NOBODY),
        ("v=spf1 exists:%{d" + "9" * 5000 + "}.x.example -all", NOBODY),
        ("v=spf1 " + " ".join(f"include:a{i}.example" for i in range(20)), NOBODY),
        ("v=spf1 redirect=home.example", NOBODY),
        ("v=spf1 include:loop.example -all", NOBODY),
        ("v=spf1 a:slow.example -all", Undecided("SPF")),
        ("hello", NOBODY),
        (TROUBLE, Undecided("SPF")),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_spf_records_say(record: str, verdict: Verdict) -> None:
    records: Records = {
        ("home.example", "TXT"): record,
        ("_spf.esp.example", "TXT"): "v=spf1 ip4:192.0.2.1 ?all",
        ("loop.example", "TXT"): "v=spf1 include:loop.example",
        ("home.example", "MX"): "mx.home.example",
        ("mx.home.example", "A"): "192.0.2.1",
        ("alice.users.home.example", "A"): "127.0.0.2",
        ("slow.example", "A"): TROUBLE,
    }
    assert await judge(written(), dict(records), FROM_HOME) == verdict


async def test_ipv6_clients_are_known_too() -> None:
    records = {("home.example", "TXT"): "v=spf1 ip6:2001:db8::/32 -all"}
    assert await judge(written(), records, replace(FROM_HOME, ip="2001:db8::25")) == SPF


# ---- DMARC: who may speak for whom

RELAXED, STRICT = "v=DMARC1; p=reject", "v=DMARC1; p=reject; adkim=s; aspf=s"


@pytest.mark.parametrize(
    ("author", "speaker", "policies", "may"),
    [
        ("home.example", "home.example", {}, True),
        ("home.example", "home.example", {"home.example": STRICT}, True),
        # without a policy: what was registered together
        ("home.example", "mail.home.example", {}, True),
        ("mail.home.example", "home.example", {}, True),
        ("a.home.example", "b.home.example", {}, True),
        ("home.example", "nothome.example", {}, False),
        ("home.example", "other.example", {}, False),
        ("a.co.uk", "b.co.uk", {}, False),
        ("shop.a.co.uk", "mail.a.co.uk", {}, True),
        ("alice.github.io", "bob.github.io", {}, False),
        ("github.io", "bob.github.io", {}, False),
        # relaxed, which is what a policy wants unless it says otherwise
        ("home.example", "mail.home.example", {"home.example": RELAXED}, True),
        ("mail.home.example", "home.example", {"home.example": RELAXED}, True),
        ("a.home.example", "b.home.example", {"home.example": RELAXED}, True),
        ("a.home.example", "b.home.example", {"a.home.example": RELAXED, "home.example": RELAXED}, True),
        ("a.home.example", "b.home.example", {"a.home.example": RELAXED}, False),
        ("a.home.example", "other.example", {"home.example": RELAXED}, False),
        # strict
        ("home.example", "mail.home.example", {"home.example": STRICT}, False),
        ("mail.home.example", "home.example", {"home.example": STRICT}, False),
        ("mail.home.example", "home.example", {"mail.home.example": STRICT, "home.example": RELAXED}, False),
        ("mail.home.example", "home.example", {"mail.home.example": RELAXED, "home.example": STRICT}, True),
        # psd: where the organisation ends
        ("a.home.example", "b.home.example", {"a.home.example": "v=DMARC1; psd=n", "home.example": RELAXED}, False),
        ("x.a.home.example", "y.a.home.example", {"a.home.example": "v=DMARC1; psd=n"}, True),
        ("a.bank.example", "b.bank.example", {"bank.example": "v=DMARC1; psd=y"}, False),
        ("x.a.bank.example", "y.a.bank.example", {"bank.example": "v=DMARC1; psd=y"}, True),
        ("a.gov.example", "b.gov.example", {"example": "v=DMARC1; psd=y"}, True),
        # a name under which others register is nobody's organisation, though it may not say so
        ("a.co.uk", "b.co.uk", {"co.uk": RELAXED}, False),
        ("a.co.uk", "b.co.uk", {"a.co.uk": RELAXED, "co.uk": RELAXED}, False),
        ("x.a.co.uk", "y.a.co.uk", {"co.uk": RELAXED}, True),
        ("alice.uk.com", "bob.uk.com", {"uk.com": RELAXED}, False),
        ("a.example", "b.example", {"example": RELAXED}, False),
        # what is no policy
        ("home.example", "mail.home.example", {"home.example": [STRICT, STRICT]}, True),
        ("home.example", "mail.home.example", {"home.example": "v=DMARC2; adkim=s; aspf=s"}, True),
        ("home.example", "mail.home.example", {"home.example": ["hello", STRICT]}, False),
        ("home.example", "mail.home.example", {"home.example": "v = DMARC1 ;ADKIM=S ; aspf = s;;x"}, False),
        # names with many labels
        ("a.b.c.d.e.f.g.h.home.example", "home.example", {"home.example": RELAXED}, True),
        ("a.b.c.d.e.f.g.h.home.example", "x.home.example", {"home.example": RELAXED}, True),
    ],
)
@pytest.mark.parametrize("by", [By.DKIM, By.SPF])
async def test_which_domains_may_speak_for_an_author(
    author: str, speaker: str, policies: dict[str, str | Sequence[str]], may: bool, by: By
) -> None:
    mail = written(sender=f"alice@{author}")
    records: dict[tuple[str, str], str | Sequence[str]] = {
        (f"_dmarc.{where}", "TXT"): policy for where, policy in policies.items()
    }
    client = SOMEWHERE
    if by is By.DKIM:
        mail = Sender(speaker).sign(mail)
        records |= Sender(speaker).records
    else:
        client = Client("192.0.2.1", "mx.example", f"bounces@{speaker}")
        records[speaker, "TXT"] = "v=spf1 ip4:192.0.2.1 -all"
    verdict = await judge(mail, records, client)
    who = Author("alice", author)
    assert verdict == (Proven(who, by) if may else Unproven(Why.NOBODY_SAYS_SO, author))


async def test_no_question_is_asked_about_domains_that_cannot_be_kin() -> None:
    zone = Zone().add(Sender("esp.test").records)
    client = replace(FROM_HOME, sender="bounces@esp.test")
    assert await judge(Sender("esp.test").sign(written()), zone, client) == NOBODY
    assert zone.asked == []


async def test_an_international_domain_is_proven_under_its_name_in_dns() -> None:
    sender = Sender("xn--bcher-kva.example")
    for name in ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example"):
        mail = sender.sign(written(sender=f"alice@{name}"))
        verdict = await judge(mail, dict(sender.records))
        assert verdict == Proven(Author("alice", "xn--bcher-kva.example"), By.DKIM)


async def test_a_domain_that_looks_the_same_is_proven_as_itself() -> None:
    cyrillic = Sender("xn--hme-sed.example")
    mail = cyrillic.sign(written(sender="alice@hоme.example"))  # the second letter is Cyrillic
    assert await judge(mail, dict(cyrillic.records)) == Proven(Author("alice", cyrillic.domain), By.DKIM)


# ---- no author


@pytest.mark.parametrize(
    ("mail", "verdict"),
    [
        (b"From: ceo@bank.example\r\n" + HOME.sign(written()), Unproven(NoAuthor.SEVERAL)),
        (HOME.sign(written("From: ceo@bank.example")), Unproven(NoAuthor.SEVERAL)),
        (HOME.sign(written("Resent-From: bob@work.example")), Unproven(NoAuthor.PASSED_ON)),
        (HOME.sign(written()).replace(b"From: Alice", b"X-From: Alice"), Unproven(NoAuthor.MISSING)),
        (b"X: y\rFrom: ceo@bank.example\r\n" + HOME.sign(written()), Unproven(Why.UNREADABLE)),
        (b"\x00" + HOME.sign(written()), Unproven(Why.UNREADABLE)),
    ],
)
async def test_a_mail_without_one_certain_author_asks_no_question(mail: bytes, verdict: Verdict) -> None:
    zone = Zone().add(HOME.records)
    assert await judge(mail, zone) == verdict
    assert zone.asked == []


# ---- trouble, time and number


@pytest.mark.parametrize(
    "trouble",
    [
        {("s1._domainkey.home.example", "TXT"): TROUBLE},
        {("_dmarc.home.example", "TXT"): TROUBLE},
        {("s1._domainkey.mail.home.example", "TXT"): TROUBLE},
    ],
    ids=["the key of the domain", "its policy", "the key of another one"],
)
async def test_name_servers_that_do_not_answer_mean_later_and_never_yes(trouble: Records) -> None:
    relative = Sender("mail.home.example")
    mail = relative.sign(HOME.sign(written("X: changed"))).replace(b"X: changed", b"X: afterwards")
    mail = HOME.sign(mail).replace(b"Tea at four?", b"Tea at five?")
    assert await judge(mail, {**HOME.records, **relative.records}) == NOBODY
    assert isinstance(await judge(mail, {**HOME.records, **relative.records, **trouble}), Undecided)


async def test_one_that_answers_is_enough_where_another_does_not() -> None:
    mail = Sender("home.example", selector="slow").sign(HOME.sign(written()))
    records = {**HOME.records, ("slow._domainkey.home.example", "TXT"): TROUBLE}
    assert await judge(mail, records) == DKIM


async def test_name_servers_that_never_answer_are_not_waited_for() -> None:
    async with asyncio.timeout(30):
        verdict = await judge(HOME.sign(written()), Silence(), trust=Trust(patience=0.05))
    assert verdict == Undecided("it took too long")


async def test_questions_are_bounded_and_too_many_of_them_are_never_a_yes() -> None:
    exchanges = [f"mx{i}.home.example" for i in range(10)]
    terms = " ".join(f"mx:m{i}.home.example" for i in range(9))
    records: dict[tuple[str, str], Sequence[str] | str] = {("home.example", "TXT"): f"v=spf1 {terms} +all"}
    for i in range(9):
        records[f"m{i}.home.example", "MX"] = [f"{i}.{each}" for each in exchanges]
        records |= {(f"{i}.{each}", "A"): "198.51.100.1" for each in exchanges}
    zone = Zone(records)
    assert await judge(written(), zone, FROM_HOME) == NOBODY
    assert len(zone.asked) == MOST
    zone.asked.clear()
    mail = HOME.sign(written()).replace(b"Tea at four?", b"Tea at five?")
    assert await judge(mail, zone.add(HOME.records), FROM_HOME) == Unproven(Why.TOO_MANY_QUESTIONS)
    assert len(zone.asked) == MOST


async def test_a_mail_of_several_megabytes_is_looked_at_as_well() -> None:
    mail = HOME.sign(written(text="\r\n".join(["A" * 76] * 60_000)))
    assert await judge(mail, dict(HOME.records)) == DKIM
    assert present(mail) == ("from", "to", "subject", "date", "message-id")
