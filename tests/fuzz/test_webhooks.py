"""Anything at the provider's doors: 403 for what it did not sign, 400 for what is no form, and the next one works."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.conftest import ACCOUNT, ALICE, PUBLIC_URL, TOKEN, House
from tests.fuzz.trying import ask, bounded, converse, read, repeated, tried
from tests.wiring import OUR_NUMBER

FORM = b"application/x-www-form-urlencoded"
PATH = b"/hooks/twilio/message"
PATHS = st.sampled_from([PATH, b"/hooks/twilio/status"])
QUERIES = st.sampled_from(
    [
        b"",
        b"?",
        b"?delivery=1&attempt=1",
        b"?delivery=999999999999999999&attempt=0",
        b"?delivery=%D9%A3",
        b"?a=%FF&a=%00",
        b"?delivery=-1",
        b"?;=&&",
    ]
) | st.text(st.sampled_from("?&=%/;+:@ab0é\x7f"), max_size=20).map(lambda query: b"?" + query.encode())
NAMES = st.sampled_from(
    [
        "MessageSid",
        "SmsSid",
        "From",
        "To",
        "Body",
        "NumMedia",
        "MessageStatus",
        "ErrorCode",
        "AccountSid",
        "NumSegments",
        "OptOutType",
        "MediaUrl0",
    ]
) | st.text(max_size=8)
VALUES = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            "",
            ALICE,
            OUR_NUMBER,
            "SM1",
            ACCOUNT,
            "0",
            "999999999999999999999",
            "-1",
            "1e9",
            "٣",
            "\x00",
            "\ufffe",
            "STOP",
            "Y",
            "delivered",
            "undelivered",
            "failed",
            "30003",
            "JOIN bob",
            "FOLLOW alice",
            "D alice hi",
            "whatsapp:+1555",
        ]
    ),
    repeated((b"+", 500), (b"9", 5000), (b"x", 20_000), (b"@alice #tag http://", 800)).map(bytes.decode),
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
BODIES = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"a=b", b"&", b"=", b"%", b"%FF", b"%00", b"%ED%A0%80", b"+", b";", b"\xff", b"Body=", b"\r\n"]
        ),
        max_size=30,
    ).map(b"".join),
    repeated((b"a=b&", 15_000), (b"&", 60_000), (b"%41", 20_000), (b"x", 70_000), (b"=", 60_000)),
    FIELDS.map(lambda fields: urlencode(fields, errors="replace").encode()),
    st.just(b'--b\r\nContent-Disposition: form-data; name="Body"; filename="x"\r\n\r\nhi\r\n--b--\r\n'),
)
KINDS = st.one_of(
    st.just(FORM),
    st.sampled_from(
        [
            "utf-8",
            "latin-1",
            "undefined",
            "idna",
            "punycode",
            "hex",
            "zlib",
            "utf-16",
            "utf-7",
            "unicode_escape",
            "x",
            "ÿ",
            "'",
        ]
    ).map(lambda charset: FORM + b"; charset=" + charset.encode()),
    st.sampled_from(
        [b"multipart/form-data; boundary=b", b"multipart/form-data", b"application/json", b"", b"/", b";", b"x" * 99]
    ),
    st.binary(max_size=20).filter(lambda kind: not set(kind) & set(b"\r\n\0")),
)
SIGNATURES = st.one_of(
    st.none(), st.just(b"genuine"), st.binary(max_size=40).map(base64.b64encode), st.just(b"\xff"), st.just(b"a" * 5000)
)
OTHERS = st.lists(
    st.sampled_from(
        [
            (b"Content-Encoding", b"gzip"),
            (b"Content-Encoding", b"x"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Transfer-Encoding", b"x"),
            (b"Content-Length", b"5"),
            (b"Content-Length", b"-1"),
            (b"Content-Length", b"99999999999"),
            (b"Expect", b"100-continue"),
            (b"Expect", b"x"),
            (b"Host", b"\xff"),
            (b"X-Forwarded-For", b"x"),
            (b"Upgrade", b"websocket"),
        ]
    ),
    max_size=2,
)


def sign(path: bytes, fields: list[tuple[str, str]]) -> bytes:
    """As the provider signs, over what a server makes of the form."""
    signed = PUBLIC_URL + path.decode("latin-1") + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(errors="replace"), hashlib.sha1))


async def the_next_text_is_taken(house: House) -> None:
    house.proper += 1
    taken = await house.taken()
    fields = {"MessageSid": f"SMproper{house.proper}", "AccountSid": ACCOUNT, "From": ALICE, "To": OUR_NUMBER}
    fields["Body"] = f"hello {house.proper}"
    headers = [(b"Content-Type", FORM), (b"X-Twilio-Signature", sign(PATH, list(fields.items())))]
    answer = await ask(house.web_port, b"POST %s HTTP/1.1" % PATH, headers, urlencode(fields).encode())
    assert (answer.status, answer.body) == (200, b"<Response/>")
    assert await house.taken() == taken + 1
    house.nothing_went_wrong()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@tried(100, 5000)
@given(path=PATHS, query=QUERIES, body=BODIES, kind=KINDS, signature=SIGNATURES, others=OTHERS)
@example(PATH, b"", b"a=b", FORM + b"; charset=undefined", b"x", [])
async def test_whatever_is_not_signed_is_refused(
    house: House,
    path: bytes,
    query: bytes,
    body: bytes,
    kind: bytes,
    signature: bytes | None,
    others: list[tuple[bytes, bytes]],
) -> None:
    target = path + query
    headers = [(b"Content-Type", kind), *others]
    if signature == b"genuine":  # but for another account: all else is as it should be
        fields = [*parse_qsl(body.decode("latin-1"), keep_blank_values=True), ("AccountSid", "AC9")]
        body = urlencode(fields).encode()
        signature = sign(target, fields)
    if signature is not None:
        headers.append((b"X-Twilio-Signature", signature))
    taken = await house.taken()
    unended = bool(others)  # what is announced and never comes would be waited for
    with bounded():
        answer = await ask(house.web_port, b"POST %s HTTP/1.1" % target, headers, body, hang_up=unended)
    assert answer.status in (403, 400, 413, 417) or (unended and not answer.status), answer
    assert await house.taken() == taken
    await the_next_text_is_taken(house)


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
@tried(100, 5000)
@given(path=PATHS, query=QUERIES, fields=FIELDS, account=st.sampled_from([ACCOUNT] * 5 + ["AC9", None]))
async def test_any_form_that_is_signed_is_taken_or_is_no_message(
    house: House, path: bytes, query: bytes, fields: list[tuple[str, str]], account: str | None
) -> None:
    named = [] if account is None else [("AccountSid", account)]
    body = urlencode(fields + named, errors="replace").encode()
    target = path + query
    seen = parse_qsl(body.decode(), keep_blank_values=True)
    headers = [(b"Content-Type", FORM), (b"X-Twilio-Signature", sign(target, seen))]
    with bounded():
        answer = await ask(house.web_port, b"POST %s HTTP/1.1" % target, headers, body)
    ours = dict(seen).get("AccountSid", ACCOUNT) == ACCOUNT
    assert answer.status in ((200, 400, 413) if ours else (400, 403, 413)), (answer, seen)
    await the_next_text_is_taken(house)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@tried(100, 5000)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [
                    b"POST /hooks/twilio/message HTTP/1.1\r\n",
                    b"GET / HTTP/1.1\r\n",
                    b"\r\n",
                    b"Host: x\r\n",
                    b"\n",
                    b"0\r\n\r\n",
                    b"Content-Length: 5\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"ffffffffffffffffff\r\n",
                    b" x\r\n",
                    b"5;x=\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"POST /hooks/twilio/status HTTP/9.9\r\n",
                    b"Expect: 100-continue\r\n",
                ]
            ),
            repeated((b"x", 100_000), (b"X: y\r\n", 5000)),
        ),
        max_size=8,
    )
)
async def test_any_bytes_instead_of_http_are_refused(house: House, pieces: list[bytes]) -> None:
    taken = await house.taken()
    with bounded():
        for port in (house.web_port, house.ops_port):
            answer = read(await converse(port, *pieces, hang_up=True))
            assert answer.status < 500, answer
    assert await house.taken() == taken
    await the_next_text_is_taken(house)
