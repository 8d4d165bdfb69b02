"""What the operator's own mail server says of a mail, and what only looks like it."""

import pytest

from inbound.trust import head, results, upstream
from inbound.trust.author import Author
from inbound.trust.domains import registered
from inbound.trust.prover import By, Client, Proven, Prover, Trust, Undecided, Unproven, Verdict, Why
from inbound.trust.questions import Trouble
from inbound.trust.results import Result, Results
from tests.inbound.sending import Zone, written

POST = "post@birds.example"
MX = "mx.birds.example"
PASS = f"Authentication-Results: {MX}; dmarc=pass (p=reject) header.from=home.example"
FAIL = f"Authentication-Results: {MX}; dmarc=fail header.from=home.example"
FORGED = PASS
HERE = f"Received: from mail.home.example (mail.home.example [203.0.113.5])\r\n\tby {MX} (Postfix) with ESMTPS id 1"
WITHIN = f"Received: from {MX} (localhost [127.0.0.1])\r\n\tby {MX} (Postfix) with ESMTP id 2"
BEHIND = f"Received: from {MX} ({MX} [10.1.2.3])\r\n\tby store.birds.example (Postfix) with ESMTPS id 3"
THERE = "Received: from laptop (unknown [198.51.100.7]) by mail.home.example with ESMTPSA id 4"
ALICE = Author("alice", "home.example")
YES, NO = Proven(ALICE, By.UPSTREAM), Unproven(Why.NOBODY_SAYS_SO, "home.example")
NOT_CHECKED = Unproven(Why.NOT_CHECKED)


SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=s1; h=%s; bh=A; b=A"
BY_HOME, BY_MAIL = (SIGNED % (each, "from:to:message-id") for each in ("home.example", "mail.home.example"))


async def judge(mail: bytes, *, server: str = MX, client: str = "") -> Verdict:
    zone = Zone()
    verdict = await Prover(Trust(server=server), zone).who_wrote(
        mail, Client(client, "mx.home.example", "alice@home.example"), POST
    )
    assert zone.asked == []
    return verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("dmarc=pass header.from=home.example", YES),
        ("dmarc=pass", YES),
        ("dmarc=pass (p=none dis=none) header.from=Home.Example", YES),
        ('spf=fail smtp.mailfrom=x@y.example; dkim=fail; dmarc=pass reason="fine" header.from=home.example', YES),
        ("dmarc=pass header.from=other.example", NO),
        ("dmarc=fail header.from=home.example; dkim=pass header.d=home.example", NO),
        ("dmarc=permerror header.from=home.example; dkim=pass header.d=home.example", NO),
        ("dmarc=bestguesspass header.from=home.example", NO),
        ("dmarc=pass header.from=home.example; dmarc=pass header.from=home.example", NO),
        ("dmarc=temperror header.from=home.example", Undecided("DMARC")),
        ("dkim=pass header.d=home.example", YES),
        ("dkim=pass (2048-bit key; unprotected) header.i=@home.example header.b=aB/+=", YES),
        ("dkim=pass header.d=mail.home.example", NO),
        ("dmarc=none header.from=home.example; dkim=pass header.d=mail.home.example", YES),
        ("dmarc=none; dkim=pass header.d=evil.example header.i=@home.example", NO),
        ("dmarc=none; dkim=fail header.d=home.example; dkim=pass header.d=home.example", YES),
        ("dkim=temperror header.d=home.example", Undecided("SPF or DKIM")),
        ("dkim=temperror header.d=evil.example", NO),
        ("dkim=temperror header.d=home.example; spf=pass smtp.mailfrom=home.example", YES),
        ("spf=pass smtp.mailfrom=alice@home.example", YES),
        ('spf=pass smtp.mailfrom="alice@home.example"', YES),
        ("spf=pass smtp.helo=home.example", NO),
        ("spf=pass smtp.mailfrom=bounce@evil.example", NO),
        ("spf=softfail smtp.mailfrom=alice@home.example", NO),
        ("auth=pass smtp.auth=alice@home.example", NO),
        ("none", NO),
        ("x-dmarc=pass header.from=home.example", NO),
    ],
)
async def test_what_it_says_of_the_author(said: str, verdict: Verdict) -> None:
    assert await judge(written(f"Authentication-Results: {MX}; {said}", BY_MAIL, BY_HOME)) == verdict
    told = written(f"Authentication-Results: {MX} 1;\r\n\t{said};", HERE, THERE, BY_MAIL, BY_HOME)
    assert await judge(told) == verdict


@pytest.mark.parametrize(
    "said",
    [
        'spf=pass smtp.mailfrom="; dmarc=pass header.from=home.example; x=',
        "spf=none smtp.mailfrom=x; (dmarc=pass header.from=home.example",
        "spf=none (dmarc=pass) smtp.mailfrom=a\\); dmarc=pass header.from=home.example)",
        "dmarc=pass header.from=home.example and more",
        "dmarc=pass; =",
        "dmarc = pass header.from",
        "dmarc=passed! header.from=home.example",
        "dmarc=pass header.from=home.example\\",
    ],
)
async def test_what_is_not_written_as_it_should_be_says_nothing(said: str) -> None:
    verdict = await judge(written(f"Authentication-Results: {MX}; {said}", FORGED))
    assert verdict in (NOT_CHECKED, NO)


async def test_what_a_sender_put_into_quotes_and_comments_is_nothing_but_that() -> None:
    for said in (
        'spf=none smtp.mailfrom="; dmarc=pass header.from=home.example"',
        'spf=none smtp.mailfrom="a; dmarc=pass header.from=home.example"@evil.example',
        "spf=none (evil; dmarc=pass header.from=home.example) smtp.mailfrom=evil.example",
        "spf=none (a (b; dmarc=pass) c\\); dmarc=pass) smtp.mailfrom=evil.example",
    ):
        assert await judge(written(f"Authentication-Results: {MX}; {said}")) == NO


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        # as mail servers do it: on top, or right below the Received that they add
        ([PASS, HERE, THERE], YES),
        ([HERE, PASS, THERE], YES),
        ([HERE, "X-Spam: no", PASS, "DKIM-Signature: x", THERE], YES),
        ([WITHIN, PASS, HERE, THERE], YES),
        ([WITHIN, HERE, PASS, THERE], YES),
        ([BEHIND, WITHIN, HERE, PASS, THERE], YES),
        ([f"Received: by {MX} (Postfix, from userid 33) id 5", PASS, HERE], YES),
        # the uppermost of its own counts, whatever stands below
        ([FAIL, HERE, PASS, THERE, PASS], NO),
        ([HERE, FAIL, FORGED, THERE], NO),
        ([HERE, FAIL.replace("; ", "; ("), FORGED, THERE], NOT_CHECKED),
        # those of others are passed over
        (["Authentication-Results: mx.other.example; dmarc=fail", HERE, PASS, THERE], YES),
        ([FORGED.replace(MX, f"{MX}.evil.example"), HERE], NOT_CHECKED),
        ([FORGED.replace(MX, f"x{MX}"), HERE], NOT_CHECKED),
        ([FORGED.replace(MX, MX.upper()), HERE], NOT_CHECKED),
        ([FORGED.replace(MX, f"(x) {MX}"), HERE], NOT_CHECKED),
        (["Authentication-Results: ; dmarc=pass", HERE], NOT_CHECKED),
        (["Authentication-Results:", HERE], NOT_CHECKED),
        # what came with the mail
        ([HERE, THERE, FORGED], NOT_CHECKED),
        ([HERE, THERE.replace("198.51.100.7", "127.0.0.1"), FORGED], NOT_CHECKED),
        ([HERE, HERE, FORGED], NOT_CHECKED),
        ([HERE, WITHIN, FORGED], NOT_CHECKED),
        # whatever the client calls itself
        ([f"Received: from [127.0.0.1] (unknown [203.0.113.5]) by {MX} id 6", THERE, FORGED], NOT_CHECKED),
        ([f"Received: from [127.0.0.1] by {MX} (unknown [203.0.113.5]) by {MX} id 7", THERE, FORGED], NOT_CHECKED),
        ([f"Received: from localhost by {MX} id 8", THERE, FORGED], NOT_CHECKED),
        ([f"Received: from x ([IPv6:2001:4860::1]) by {MX} id 9", THERE, FORGED], NOT_CHECKED),
        ([f"Received: from x ([IPv6:::1]) by {MX} id 10", PASS, HERE], YES),
        ([f"Received: from x ([999.0.0.1]) by {MX} id 11", THERE, FORGED], NOT_CHECKED),
        ([f"Received: from x ([0.0.0.0]) by {MX} id 12", THERE, FORGED], NOT_CHECKED),
        ([THERE, FORGED], YES),  # our own server alone can put the first Received there
        ([], NOT_CHECKED),
    ],
)
async def test_only_what_our_own_server_can_have_put_there_counts(fields: list[str], verdict: Verdict) -> None:
    assert await judge(written(*fields)) == verdict


async def test_where_our_server_is_named_nothing_else_is_believed() -> None:
    mail = written(PASS.replace(MX, "mx.other.example"))
    assert await judge(mail) == NOT_CHECKED
    assert await judge(mail, server="mx.other.example") == YES


@pytest.mark.parametrize(("client", "verdict"), [("203.0.113.5", NOT_CHECKED), ("2001:db8::5", NOT_CHECKED),
    ("::ffff:203.0.113.5", NOT_CHECKED), ("172.18.0.5", YES), ("127.0.0.1", YES), ("", YES)])  # fmt: skip
async def test_a_stranger_who_comes_to_our_door_is_not_our_server(client: str, verdict: Verdict) -> None:
    assert await judge(written(PASS, HERE), client=client) == verdict


@pytest.mark.parametrize(
    ("found", "signature", "verdict"),
    [
        ("dkim=pass header.d=home.example; dmarc=pass", BY_HOME, YES),
        ("dkim=pass header.i=@home.example; dmarc=pass", BY_HOME, YES),
        ("dkim=pass header.d=home.example; dmarc=pass", SIGNED % ("home.example", "from:subject"), False),
        ("dkim=pass header.d=home.example; dkim=fail header.d=mail.home.example; dmarc=pass", BY_MAIL, False),
        ("dkim=pass header.d=home.example; spf=pass smtp.mailfrom=x@y.example; dmarc=pass", "DKIM-Signature: x", False),
        ("dkim=pass header.d=home.example; spf=pass smtp.mailfrom=a@mail.home.example; dmarc=pass", "X: y", YES),
        ("spf=pass smtp.mailfrom=alice@home.example; dmarc=pass", "X: y", YES),
        ("dmarc=pass", "X: y", YES),
    ],
)
async def test_a_good_signature_that_leaves_to_out_proves_nothing_behind_our_server_either(
    found: str, signature: str, verdict: Verdict | bool
) -> None:
    """Whoever got such a mail could put another To on it, and have it posted."""
    told = await judge(written(f"Authentication-Results: {MX}; {found}", HERE, signature))
    assert told == (verdict or Unproven(Why.TO_NOT_SIGNED, "home.example"))
    if verdict is not YES:
        silent = written(f"Authentication-Results: {MX}; {found}", HERE, BY_HOME)
        told = await judge(silent.replace(b"To: post@birds.example\r\n", b""))
        assert told == Unproven(Why.TO_NOT_SIGNED, "home.example")


@pytest.mark.parametrize(
    "beside",
    [
        SIGNED % ("evil.example", "from:to:to:date:message-id"),
        SIGNED % ("home.example", "from:to:to:date:message-id"),
        SIGNED % ("mail.home.example", "from:to:to:date:message-id"),
    ],
)
@pytest.mark.parametrize("true", [SIGNED % ("home.example", "from:subject"), BY_HOME, BY_HOME.replace("256", "1")])
async def test_a_signature_that_somebody_else_puts_beside_the_good_one_covers_nothing(beside: str, true: str) -> None:
    """They may hold the key of the first, and of the others nothing is true but the name."""
    found = "dkim=pass header.d=home.example; dkim=pass header.d=evil.example; dmarc=pass header.from=home.example"
    told = f"Authentication-Results: {MX}; {found}"
    mail = written(told, HERE, f"To: {POST}", beside, true, to="bob@work.example")
    assert await judge(mail) == Unproven(Why.TO_NOT_SIGNED, "home.example")


async def test_our_server_is_believed_where_it_hands_on_no_signature_at_all() -> None:
    """What it found good it alone can have taken out: nobody else could, and still have it pass."""
    for found in ("dkim=pass header.d=home.example", "dkim=pass header.d=home.example; dmarc=pass"):
        assert await judge(written(f"Authentication-Results: {MX}; {found}", HERE, "X: y")) == YES
    told = f"Authentication-Results: {MX}; dkim=pass header.d=home.example; dmarc=pass"
    assert await judge(written(told, HERE, to="bob@work.example")) == Unproven(Why.NOT_TO_US)


async def test_two_good_signatures_and_that_of_a_mailing_service_are_as_good_as_one() -> None:
    by_service = SIGNED % ("service.example", "from:subject")
    found = "dkim=pass header.i=@mail.home.example; dkim=pass header.d=service.example; dmarc=pass"
    told = f"Authentication-Results: {MX}; {found}"
    assert await judge(written(told, HERE, by_service, BY_HOME, BY_MAIL)) == YES


async def test_a_to_line_that_was_put_above_a_signed_one_does_not_count() -> None:
    told = f"Authentication-Results: {MX}; dkim=pass header.d=home.example; dmarc=pass"
    mail = written(told, HERE, f"To: {POST}", BY_HOME, to="bob@work.example")
    assert await judge(mail) == Unproven(Why.TO_NOT_SIGNED, "home.example")


async def test_an_old_mail_with_a_good_signature_may_have_been_here_before() -> None:
    told = f"Authentication-Results: {MX}; dkim=pass header.d=home.example; dmarc=pass"
    dated = SIGNED % ("home.example", "from:to:date")
    old = "Mon, 23 Nov 2020 12:00:00 +0000"
    assert await judge(written(told, HERE, dated, date=old)) == Unproven(Why.OLD, "home.example")
    by_path = told.replace("dmarc", "spf=pass smtp.mailfrom=a@home.example; dmarc")
    assert await judge(written(by_path, HERE, dated, date=old)) == YES
    fresh = await judge(written(told, HERE, dated))
    assert isinstance(fresh, Proven)
    assert fresh.mark


async def test_a_mail_that_names_somebody_else_was_not_written_to_us() -> None:
    assert await judge(written(PASS, to="bob@work.example")) == Unproven(Why.NOT_TO_US)
    assert await judge(written(PASS).replace(b"To: post@birds.example\r\n", b"")) == YES
    assert await judge(written(PASS).replace(b"To: ", b"Bcc: ")) == Unproven(Why.NOT_TO_US)


def test_a_server_s_name_may_be_quoted_and_have_a_version() -> None:
    for name in (MX, f'"{MX}"', f"{MX} 1", f"{MX} (mail) 1"):
        assert results.read(f"{name}; none") == Results(MX, [])
        assert results.server_of(f"{name}; none") == MX


def test_properties_are_read_with_their_values() -> None:
    text = 'a.example; dkim/1 = pass (x) reason="a; b" header.d=b.example header . s = "s\\"1" policy.x=y@z.example'
    assert results.read(text) == Results(
        "a.example",
        [Result("dkim", "pass", {"header.d": "b.example", "header.s": 's"1', "policy.x": "y@z.example"})],
    )


def test_endless_values_are_not_read() -> None:
    assert results.read("a.example; " + "dkim=pass; " * 10_000) is None


def test_relatives_speak_for_each_other_only_where_there_is_no_policy() -> None:
    def kin(one: str, other: str) -> bool:
        return registered(one) == registered(other)

    spf = Result("spf", "pass", {"smtp.mailfrom": "a@mail.home.example"})
    assert results.speaks_for(Results("a", [spf]), "home.example", kin) is False
    assert results.speaks_for(Results("a", [Result("dmarc", "none", {}), spf]), "home.example", kin) is True
    late = Result("spf", "temperror", {"smtp.mailfrom": "a@home.example"})
    assert results.speaks_for(Results("a", [late]), "home.example", kin) == Trouble("SPF or DKIM")


def test_fields_that_are_no_text_are_passed_over() -> None:
    fields = head.read(b"Authentication-Results: mx.birds.example; dmarc=\xff\r\n" + written(PASS))
    assert fields is not None
    found = upstream.read(fields, MX)
    assert found is not None
    assert found.found[0].result == "pass"


def _bare(mail: bytes) -> bytes:
    return mail.replace(b"\r\n", b"\n")


async def test_a_mail_that_a_program_of_our_own_wrote_as_unix_does_is_read_as_any_other() -> None:
    assert await judge(_bare(written(PASS, to=POST))) == YES
    assert await judge(_bare(written(FAIL, to=POST))) == NO
    assert await judge(_bare(written(PASS, to=POST)) + b"\r\n") == YES, "as smtplib ends what it is given"


async def test_bare_ends_of_lines_hide_nothing_from_our_mail_server() -> None:
    """It has put its own fields on top, and may have taken what is below them for one long line."""
    unreadable = Unproven(Why.UNREADABLE)
    forged = written(to=POST).replace(b"\r\n", b"\r\nX-Long: x\n%s\r\n" % FORGED.encode(), 1)
    assert await judge(forged) == unreadable
    assert await judge(HERE.encode() + b"\r\n" + _bare(written(FORGED, to=POST))) == unreadable
    assert await judge(_bare(written(PASS, to=POST)), client="203.0.113.5") == unreadable, "nor from elsewhere"
