"""Which calls are Kannel's, and what they say."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from gateway.domain.sms_wire import Part
from inbound.numbers import Numbers, international
from inbound.sms_kannel import Door, Unreadable, read_message, read_receipt

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
OURS = Numbers(["+15550009999", "12345"])
SECRET = "a-long_secret-1234"


@pytest.mark.parametrize(
    ("secret", "allowed", "call", "admitted"),
    [
        (SECRET, [], (SECRET, "203.0.113.9"), True),
        (SECRET, [], ("a-long_secret-1235", "127.0.0.1"), False),
        (SECRET, [], ("", "127.0.0.1"), False),
        (SECRET, [], ("ü", "127.0.0.1"), False),
        ("", ["10.1.0.0/16", "::1"], ("", "10.1.2.3"), True),
        ("", ["10.1.0.0/16", "::1"], ("", "::1"), True),
        ("", ["10.1.0.0/16"], ("", "::ffff:10.1.2.3"), True),
        ("", ["10.1.0.0/16"], ("", "10.2.2.3"), False),
        ("", ["10.1.0.0/16"], ("anything", "10.1.2.3"), False),
        ("", ["10.1.0.0/16"], ("", None), False),
        (SECRET, ["10.1.0.0/16"], (SECRET, "10.1.2.3"), True),
        (SECRET, ["10.1.0.0/16"], (SECRET, "10.2.2.3"), False),
        (SECRET, ["10.1.0.0/16"], ("", "10.1.2.3"), False),
        ("", [], ("", "127.0.0.1"), False),
    ],
)
def test_a_call_is_kannels_by_its_secret_its_address_or_both(secret, allowed, call, admitted):
    assert Door(secret, allowed).admits(*call) is admitted


@pytest.mark.parametrize(
    ("charset", "octets"),
    [
        ("UTF-8", "Zoé 🍰".encode()),
        ("UTF-16BE", "Zoé 🍰".encode("utf-16-be")),
        ("", "Zoé 🍰".encode()),
        ("nonsense", "Zoé 🍰".encode()),
    ],
)
def test_words_are_read_by_their_charset(charset, octets):
    query = f"id=1&from=%2B15550001&to=999&coding=2&charset={charset}&text={quote(octets)}"
    assert read_message(query, None, OURS, now=NOW).text == "Zoé 🍰"
    assert read_message(query, octets, OURS, now=NOW).text == "Zoé 🍰"


def test_a_part_says_which_it_is():
    query = f"id=1&from=%2B15550001&to=12345&coding=0&charset=UTF-8&udh={quote(bytes([5, 0, 3, 42, 2, 1]))}&text=one"
    message = read_message(query, None, OURS, now=NOW)
    assert (message.part, message.to) == (Part(42, 2, 1, "one"), "12345")


def test_what_is_for_a_program_on_the_phone_is_no_text():
    query = f"id=1&from=%2B15550001&coding=0&udh={quote(bytes([6, 5, 4, 11, 132, 35, 240]))}&text=one"
    message = read_message(query, None, OURS, now=NOW)
    assert (message.text, message.dropped) == ("", 1)


@pytest.mark.parametrize("query", ["", "id=1", "from=%2B1555", "id=&from=1", "id=%00&from=1", f"id={'1' * 200}&from=1"])
def test_a_call_without_an_id_or_a_sender_is_no_message(query):
    with pytest.raises(Unreadable):
        read_message(query, None, OURS, now=NOW)


@pytest.mark.parametrize(
    "query", ["", "delivery=1&attempt=1&type=3", "delivery=x&attempt=1&type=1", "attempt=1&type=1"]
)
def test_a_call_that_names_no_delivery_is_no_receipt(query):
    with pytest.raises(Unreadable):
        read_receipt(query, now=NOW)


@pytest.mark.parametrize(
    ("kind", "status"), [(1, "delivered"), (2, "undelivered"), (4, "queued"), (8, "sent"), (16, "failed")]
)
def test_each_type_of_report_is_one_status(kind, status):
    assert read_receipt(f"delivery=7&attempt=2&type={kind}&answer=", now=NOW).status == status


@pytest.mark.parametrize(
    ("number", "ton", "known_as"),
    [
        ("+15550001", 0, "+15550001"),
        ("0015550001234", 0, "+15550001234"),
        ("15550001234", 0, "+15550001234"),
        ("15550001", 1, "+15550001"),
        ("12345", 0, "12345"),
        ("0155500012", 0, "0155500012"),
        ("Birds", 5, "Birds"),
    ],
)
def test_a_number_has_its_plus_where_it_has_all_its_digits(number, ton, known_as):
    assert international(number, ton) == known_as


@pytest.mark.parametrize("number", ["+15550009999", "15550009999", "0015550009999"])
def test_our_number_is_known_however_it_is_written(number):
    assert OURS.ours(number) == "+15550009999"
    assert OURS.ours("777") == "777"
