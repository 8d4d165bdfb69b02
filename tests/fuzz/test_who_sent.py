"""Whatever a mail says of its sender: it is read without an error, in no time, and never as two different people."""

from email import message_from_bytes, policy
from email.utils import getaddresses

from hypothesis import example, given
from hypothesis import strategies as st

from inbound.trust import head, results, upstream
from inbound.trust.author import Author, NoAuthor, author, read
from inbound.trust.prover import Client, Proven, Prover, Trust
from tests.fuzz.trying import bounded, repeated, tried
from tests.inbound.sending import Sender, Zone, written

PIECES = st.sampled_from(
    [
        "alice@home.example",
        "<alice@home.example>",
        "ceo@bank.example",
        "<ceo@bank.example>",
        '"ceo@bank.example"',
        "Alice",
        '"Alice"',
        "(alice)",
        "=?utf-8?q?ceo=40bank=2Eexample?=",
        "=?utf-8?b?Y2VvQGJhbmsuZXhhbXBsZQ==?=",
        "=?idna?q?x?=",
        "=?unicode_escape?q?\\u?=",
        "=?utf-8?b?A?=",
        *'<>@,;:."()[]\\ \t',
        "\r\n ",
        "\r\n\t",
        "bücher.example",
        "xn--bcher-kva",
        "xn--",
        "\u202e",
        "\u212a",
        "。",
        "\x00",
        "\x7f",
        "ſ",
    ]
)
VALUES = st.lists(PIECES | st.text(max_size=6), max_size=8).map("".join)
LONG = repeated(
    (b"(", 60_000), (b'"', 60_000), (b"<", 60_000), (b"\\", 60_000), (b"a@b,", 20_000), (b"=?", 30_000), (b"@", 60_000)
)


@tried(400, 40_000)
@given(value=VALUES)
@example(value="=?utf-8?q?=00?= <a@b.example>")
def test_any_from_is_one_address_or_nobodys(value: str) -> None:
    with bounded():
        found = read(value)
    if isinstance(found, Author):
        address = found.spellings[0]
        assert address.isprintable()
        assert address.count("@") == 1
        assert not set(address) & set(' \t\r\n<>(),;:\\"[]')
        assert found.domain.isascii()
        assert found.domain == found.domain.lower()
        assert found.local == found.local.lower()


@tried(400, 40_000)
@given(value=VALUES)
def test_where_it_is_somebodys_the_standard_library_sees_nobody_else(value: str) -> None:
    content = b"From: " + value.encode("utf-8", "surrogatepass") + b"\r\n\r\n"
    fields = head.read(content)
    found = NoAuthor.UNCLEAR if fields is None else author(fields)
    if isinstance(found, Author) and value.isascii():
        seen = message_from_bytes(content, policy=policy.compat32).get_all("from", [])
        assert len(seen) == 1
        addresses = [address for _, address in getaddresses([str(each) for each in seen]) if address]
        assert [each.lower() for each in addresses] == [found.spellings[0]]


@tried(60, 4000)
@given(value=LONG | st.binary(max_size=200), name=st.sampled_from([b"From", b"from", b"Sender", b"Resent-From", b"X"]))
def test_any_head_is_read_or_not(value: bytes, name: bytes) -> None:
    content = name + b": " + value + b"\r\nFrom: alice@home.example\r\n\r\nhello"
    with bounded():
        fields = head.read(content)
        if fields is not None:
            author(fields)


@tried(200, 20_000)
@given(
    said=st.lists(
        st.sampled_from(
            [
                "mx",
                "; ",
                "dmarc=pass",
                "dkim=pass",
                " header.from=",
                "home.example",
                '"',
                "(",
                ")",
                "\\",
                "=",
                ".",
                "none",
            ]
        )
        | st.text(max_size=4),
        max_size=14,
    ).map("".join)
)
@example(said="mx; dmarc=pass")
def test_any_results_are_read_and_only_whole_ones_say_anything(said: str) -> None:
    with bounded():
        found = results.read(said)
        if found is not None:
            results.speaks_for(found, "home.example", lambda one, other: one == other)
            assert results.server_of(said) == found.server or said.lstrip().startswith("(")


@tried(40, 2000)
@given(value=LONG | st.binary(max_size=300))
def test_any_results_and_traces_of_a_mail_are_gone_through(value: bytes) -> None:
    content = b"Received: " + value + b"\r\nAuthentication-Results: mx;" + value + b"\r\n" + written()
    with bounded():
        fields = head.read(content)
        if fields is not None:
            upstream.read(fields, "mx")


HOME, EVIL = Sender("home.example"), Sender("evil.example")
FIELDS = st.sampled_from(
    [
        b"From: ceo@bank.example\r\n",
        b"from: alice@home.example\r\n",
        b"From : alice@home.example\r\n",
        b"To: post@birds.example\r\n",
        b"Sender: alice@home.example\r\n",
        b"Resent-From: alice@home.example\r\n",
        b"Authentication-Results: mx; dmarc=pass header.from=home.example\r\n",
        b"DKIM-Signature: v=1; a=ed25519-sha256; d=home.example; s=s1; h=from:to; bh=AAAA; b=AAAA\r\n",
        b"ARC-Seal: i=1; a=rsa-sha256; d=home.example; s=s1; cv=none; b=AAAA\r\n",
        b"ARC-Message-Signature: i=1; a=rsa-sha256; d=home.example; s=s1; h=from:to; bh=AAAA; b=AAAA\r\n",
        b"ARC-Authentication-Results: i=1; mx; dmarc=pass\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"\0",
    ]
)


@tried(150, 10_000)
@given(
    top=st.lists(FIELDS | st.binary(max_size=20), max_size=5).map(b"".join),
    at=st.floats(0, 1),
    put=st.binary(max_size=4),
    signed=st.booleans(),
)
async def test_whatever_is_put_into_a_mail_nobody_is_taken_for_alice_but_alice(
    top: bytes, at: float, put: bytes, signed: bool
) -> None:
    mail = written(sender="mallory@evil.example")
    mail = top + (EVIL.sign(mail) if signed else mail)
    where = int(at * len(mail))
    mail = mail[:where] + put + mail[where:]
    zone = Zone().add(HOME.records).add(EVIL.records)
    trust = Trust(sealers=frozenset({"home.example"}), patience=20.0)
    verdict = await Prover(trust, zone).who_wrote(
        mail, Client("192.0.2.1", "x", "m@evil.example"), "post@birds.example"
    )
    if isinstance(verdict, Proven):
        assert verdict.author == Author("mallory", "evil.example")
