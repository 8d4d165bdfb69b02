"""Twilio's webhooks: what is admitted, and what is read from them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from gateway.domain.types import Channel
from inbound import sms_twilio
from inbound.message import Phone
from inbound.sms_twilio import Door, Unreadable

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token"
PATH = "/hooks/twilio/message"
FIELDS = [
    ("MessageSid", "SM1"),
    ("AccountSid", ACCOUNT),
    ("From", "+15550000001"),
    ("To", "+15550009999"),
    ("Body", ""),
]
names = st.text(min_size=1, max_size=8)


def sign(url: str, fields: list[tuple[str, str]], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, MultiDict(fields)))


@given(
    fields=st.lists(st.tuples(names, st.text(max_size=20)), max_size=12),
    path=st.sampled_from(["/hooks", "/hooks?delivery=1&attempt=2", "/h%20x?b=%27q%27&a=1"]),
    base=st.sampled_from(
        ["https://a.example", "https://a.example:8443", "http://a.example:80/sub", "http://127.0.0.1:1"]
    ),
    spoil=st.booleans(),
)
def test_our_door_and_twilios_own_validator_agree(
    fields: list[tuple[str, str]], path: str, base: str, spoil: bool
) -> None:
    signature = sign(base + path, fields)
    if spoil:
        signature = "A" + signature[1:]
    theirs = RequestValidator(TOKEN).validate(base + path, MultiDict(fields), signature)
    assert Door(base, ACCOUNT, [TOKEN]).admits(path, fields, signature) == theirs


def test_the_vector_of_twilios_documentation_is_admitted() -> None:
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    validator = RequestValidator("12345")
    signature = validator.compute_signature("https://mycompany.com/myapp.php?foo=1&bar=2", MultiDict(fields))
    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert Door("https://mycompany.com", "AC1", ["12345"]).admits("/myapp.php?foo=1&bar=2", fields, signature), (
        "that names no account, and nobody else has the token"
    )


@pytest.mark.parametrize("signed_with", ["https://birds.example", "https://birds.example:443"])
@pytest.mark.parametrize("configured", ["https://birds.example", "https://birds.example/", "https://birds.example:443"])
def test_the_port_may_be_named_or_not(signed_with: str, configured: str) -> None:
    assert Door(configured, ACCOUNT, [TOKEN]).admits(PATH, FIELDS, sign(signed_with + PATH, FIELDS))


def test_during_a_rotation_both_tokens_are_admitted_and_an_empty_one_never() -> None:
    door = Door("https://birds.example", ACCOUNT, ["old", "new"])
    url = "https://birds.example" + PATH
    assert door.admits(PATH, FIELDS, sign(url, FIELDS, "old"))
    assert door.admits(PATH, FIELDS, sign(url, FIELDS, "new"))
    assert not Door("https://birds.example", ACCOUNT, ["old", ""]).admits(PATH, FIELDS, sign(url, FIELDS, ""))


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: [("Body", "x") if name == "Body" else (name, value) for name, value in fields],
        lambda fields: fields[:-1],
        lambda fields: [*fields, ("New", "1")],
        lambda fields: [("AccountSid", "AC9") if name == "AccountSid" else (name, value) for name, value in fields],
    ],
)
def test_a_changed_field_is_not_admitted(change) -> None:  # type: ignore[no-untyped-def]  # a table of lambdas
    signature = sign("https://birds.example" + PATH, FIELDS)
    assert not Door("https://birds.example", ACCOUNT, [TOKEN]).admits(PATH, change(FIELDS), signature)


@pytest.mark.parametrize("signature", [None, "", "x", "\udcff", "é", "A" * 28])
def test_a_missing_or_broken_signature_is_not_admitted(signature: str | None) -> None:
    assert not Door("https://birds.example", ACCOUNT, [TOKEN]).admits(PATH, FIELDS, signature)


def test_another_accounts_message_is_not_admitted_though_it_is_signed() -> None:
    fields = [("AccountSid", "AC9") if name == "AccountSid" else (name, value) for name, value in FIELDS]
    signature = sign("https://birds.example" + PATH, fields)
    assert not Door("https://birds.example", ACCOUNT, [TOKEN]).admits(PATH, fields, signature)


@pytest.mark.parametrize("name", ["MessageSid", "SmsSid", "SmsMessageSid"])
def test_the_id_may_have_its_old_names(name: str) -> None:
    form = [(name, "SM1"), ("From", "+15550000001"), ("Body", "hi"), ("SmsStatus", "sent")]
    assert sms_twilio.read_message(form, now=NOW).remote_id == "SM1"
    receipt = sms_twilio.read_receipt(form, "", now=NOW)
    assert (receipt.remote_id, receipt.status) == ("SM1", "sent")


def test_a_message_is_read_with_every_field_kept() -> None:
    form = [
        *FIELDS[:-1],
        ("Body", "  héllo\nthere "),
        ("NumMedia", "2"),
        ("FromCity", ""),
        ("Twice", "1"),
        ("Twice", "2"),
    ]
    message = sms_twilio.read_message(form, now=NOW)
    assert (message.source, message.remote_id, message.channel, message.door) == ("twilio", "SM1", Channel.SMS, Phone())
    assert (message.sender, message.to, message.received_at) == ("+15550000001", "+15550009999", NOW)
    assert message.text == "  héllo\nthere "
    assert message.dropped == 2
    assert [tuple(pair) for pair in json.loads(message.raw)] == form


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("Basta", "STOP", "STOP"),
        ("encore", "START", "START"),
        ("Hilfe", "HELP", "HELP"),
        ("STOP", "STOP", "STOP"),
        ("hello", "", "hello"),
        ("hello", "NEWS", "hello"),
    ],
)
def test_a_word_that_the_provider_took_for_an_opt_out_is_one_here(said: str, kind: str, text: str) -> None:
    form = [*FIELDS[:-1], ("Body", said), ("OptOutType", kind)]
    message = sms_twilio.read_message(form, now=NOW)
    assert message.text == text
    assert said in message.raw


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_message_without_an_id_or_a_sender_is_unreadable(missing: str) -> None:
    with pytest.raises(Unreadable):
        sms_twilio.read_message([field for field in FIELDS if field[0] != missing], now=NOW)


@pytest.mark.parametrize("sid", ["", "S" * 129, "SM\x00", "SM\n1"])
def test_an_id_that_no_database_could_keep_is_unreadable(sid: str) -> None:
    with pytest.raises(Unreadable):
        sms_twilio.read_message([("MessageSid", sid), ("From", "+1555")], now=NOW)


@pytest.mark.parametrize(("given_count", "dropped"), [("", 0), ("0", 0), ("3", 3), ("-1", 0), ("²", 0), ("many", 0)])
def test_a_strange_count_of_pictures_counts_as_none(given_count: str, dropped: int) -> None:
    assert sms_twilio.read_message([*FIELDS, ("NumMedia", given_count)], now=NOW).dropped == dropped


def test_a_receipt_carries_our_own_numbers_from_the_callbacks_address() -> None:
    form = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")]
    receipt = sms_twilio.read_receipt(form, "delivery=17&attempt=2", now=NOW)
    assert (receipt.source, receipt.remote_id, receipt.status, receipt.error_code) == (
        "twilio",
        "SM1",
        "undelivered",
        "30005",
    )
    assert (receipt.delivery_id, receipt.attempt, receipt.received_at) == (17, 2, NOW)


def test_a_receipt_whose_address_carries_nothing_is_still_read() -> None:
    receipt = sms_twilio.read_receipt([("MessageSid", "SM1"), ("MessageStatus", "sent")], "delivery=x", now=NOW)
    assert (receipt.delivery_id, receipt.attempt, receipt.error_code) == (None, None, "")
    with pytest.raises(Unreadable):
        sms_twilio.read_receipt([("MessageSid", "SM1")], "", now=NOW)
