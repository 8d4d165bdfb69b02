"""Any bytes at the mail door: each conversation ends, what is answered is SMTP, and the next mail is taken."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.conftest import House
from tests.fuzz.trying import bounded, converse, repeated, tried

LINE_ENDS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b""])
VERBS = [
    "EHLO",
    "HELO",
    "LHLO",
    "MAIL",
    "RCPT",
    "DATA",
    "RSET",
    "NOOP",
    "HELP",
    "VRFY",
    "EXPN",
    "AUTH",
    "STARTTLS",
    "BDAT",
    "XCLIENT",
    "PROXY",
    "GET",
    "QUIT",
    "ehlo",
    "\ufeffEHLO",
    ".",
]
ADDRESSES = st.sampled_from(
    [
        b"<>",
        b"<a@home.example>",
        b"<help@birds.example>",
        b"<postmaster>",
        b"<post+aaaa@birds.example>",
        b'<"a b"@home.example>',
        b'<"\\"@home.example>',
        b"<@relay.example:a@home.example>",
        b"<a@[127.0.0.1]>",
        b"<a@[IPv6:::1]>",
        b"<a@home.example",
        b"a@home.example",
        b"<a@b@c>",
        b"<\xc3\xbc@home.example>",
        b"<\xff@home.example>",
        b"<" + b"a" * 300 + b"@home.example>",
        b"<" + b"(" * 400,
    ]
)
OPTIONS = st.lists(
    st.sampled_from(
        [
            b" SIZE=1",
            b" SIZE=99999999999999999999",
            b" SIZE=-1",
            b" SIZE=x",
            b" BODY=8BITMIME",
            b" BODY=x",
            b" SMTPUTF8",
            b" AUTH=<>",
            b" RET=HDRS",
            b" NOTIFY=NEVER",
            b" =",
            b"  ",
            b"\t",
        ]
    ),
    max_size=3,
).map(b"".join)
LONG = repeated((b"x", 600), (b" ", 5_000), (b"<", 70_000), (b"=", 70_000), (b"\xc3\xa4", 40_000), (b"a@", 100_000))
ARGUMENTS = st.one_of(
    st.just(b""),
    st.tuples(st.sampled_from([b" FROM:", b" TO:", b" FROM: ", b" from:", b" ", b":"]), ADDRESSES, OPTIONS).map(
        b"".join
    ),
    st.sampled_from([b" PLAIN", b" LOGIN", b" PLAIN AHgAeA==", b" PLAIN =", b" 5 LAST", b" me", b" \xff"]),
    st.binary(max_size=60),
    LONG,
)
COMMANDS = st.tuples(st.sampled_from(VERBS).map(str.encode), ARGUMENTS, LINE_ENDS).map(b"".join)
BODIES = st.one_of(
    st.binary(max_size=200),
    LONG,
    st.sampled_from(
        [
            b".\r\n",
            b"\n.\n",
            b"\r\n.\n",
            b"\n.\r\n",
            b"\r.\r",
            b"\r\n..\r\n",
            b"\r\n.\r",
            b"\r\n. \r\n",
            b"\r\n\x00.\r\n",
            b"Subject: x\r\n",
            b"\r\n\r\n",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
            b"\r\n--b--",
            b"MAIL FROM:<a@home.example>\r\nRCPT TO:<help@birds.example>\r\nDATA\r\n",
        ]
    ),
)
ENDS = st.sampled_from([b"\r\n.\r\n"] * 4 + [b"\n.\n", b"\r\n.\r\nQUIT\r\n", b"\r\n.", b""])
GREETINGS = {"smtp": b"EHLO me\r\n", "lmtp": b"LHLO me\r\n"}


def ready(house: House, protocol: str = "smtp", sender: bytes = b"a@home.example") -> bytes:
    """All that comes before the mail itself, at once."""
    address = house.posting_address.encode()
    return GREETINGS[protocol] + b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (sender, address)


async def the_next_mail_is_taken(house: House, protocol: str = "smtp") -> None:
    house.proper += 1
    taken = await house.taken()
    letter = b"From: a@home.example\r\nMessage-ID: <proper%d@home.example>\r\n\r\nhello %d\r\n.\r\nQUIT\r\n"
    answer = await converse(house.mail_port, ready(house, protocol) + letter % (house.proper, house.proper))
    assert re.search(rb"\r\n354 [^\r]*\r\n250 [^\r]*\r\n221 [^\r]*\r\n\Z", answer), answer
    assert await house.taken() == taken + 1


def is_smtp(answer: bytes) -> bool:
    """Whether each line that was answered begins with a code."""
    return all(re.match(rb"[2-5]\d\d[ -]|[2-5]\d\d\Z", line) for line in answer.split(b"\r\n")[:-1])


@pytest.mark.parametrize(
    ("store_url", "house"), [("sqlite", "smtp"), ("postgresql", "lmtp")], indirect=True, ids=["smtp", "lmtp"]
)
@tried(150, 5000)
@given(
    pieces=st.lists(
        st.one_of(COMMANDS, COMMANDS, st.binary(max_size=100), st.just("ready"), st.tuples(BODIES, ENDS).map(b"".join)),
        max_size=12,
    ),
    at_once=st.booleans(),
    hang_up=st.sampled_from([False, False, True]),
)
async def test_any_conversation_ends_and_the_next_mail_is_taken(
    house: House, request: pytest.FixtureRequest, pieces: list[bytes | str], at_once: bool, hang_up: bool
) -> None:
    protocol = request.node.callspec.params["house"]
    said = [ready(house, protocol) if isinstance(piece, str) else piece for piece in pieces]
    said += [] if hang_up else [b"\r\n.\r\n", b"QUIT\r\n"]
    with bounded():
        answer = await converse(house.mail_port, *([b"".join(said)] if at_once else said), hang_up=hang_up)
    assert is_smtp(answer), answer
    assert hang_up or re.search(rb"(?:\A|\r\n)(?:221|421|502|554) [^\r]*\r\n\Z", answer), answer
    await the_next_mail_is_taken(house, protocol)
    house.nothing_went_wrong()


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
@tried(150, 5000)
@given(pieces=st.lists(BODIES, max_size=8))
@example(pieces=[b"\n.\r\nMAIL FROM:<x@home.example>\r\n", b"\r.\r"])
@example(pieces=[b"=" + b" " * 20_000])
async def test_nothing_within_a_mail_ends_it_and_every_byte_of_it_arrives(house: House, pieces: list[bytes]) -> None:
    house.proper += 1
    letter = b"Message-ID: <body%d@home.example>\r\n" % house.proper + b"".join(pieces) + b"\r\n"
    lines = [line + b"\r\n" for line in letter.split(b"\r\n")[:-1]]
    stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in lines)
    taken = await house.taken()
    with bounded():
        answer = await converse(house.mail_port, ready(house) + stuffed + b".\r\nNOOP\r\nQUIT\r\n")
    after_data = answer.partition(b"\r\n354 ")[2].split(b"\r\n")[1:]
    too_long = any(len(line) > 64 * 1024 for line in re.split(rb"\r\n", letter))
    assert [line[:3] for line in after_data] == [b"500" if too_long else b"250", b"250", b"221", b""], answer
    if not too_long:
        assert await house.taken() == taken + 1
        assert await house.last_taken() == letter[: 256 * 1024].decode("utf-8", "replace").replace("\0", "\ufffd")
    house.nothing_went_wrong()
