"""What a carrier's numbers and receipts mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Bounced, Deferred, Fault
from gateway.domain.provider_codes import status_outcome
from gateway.domain.smpp import Delivered, Report, canonical_id, refusal, report, time_from_now

WORDS = b"id:42 sub:001 dlvrd:001 submit date:2611221000 done date:2611221001 stat:%s err:000 text:id:9 stat:DELIVRD"


def receipt(octets: bytes = b"", **fields: object) -> Delivered:
    return Delivered("1", 1, "2", 4, 0, octets, **fields)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (b"DELIVRD", "delivered", ""),
        (b"EXPIRED", "undelivered", "30036"),
        (b"UNDELIV", "undelivered", "30008"),
        (b"REJECTD", "failed", "30007"),
        (b"DELETED", "canceled", ""),
        (b"ACCEPTD", "sent", ""),
        (b"ENROUTE", "sent", ""),
        (b"UNKNOWN", "queued", ""),
        (b"delivrd", "delivered", ""),
    ],
)
def test_each_state_is_one_status_whatever_the_text_itself_says(state, status, code):
    assert report(receipt(WORDS % state)) == Report("42", status, code)
    status_outcome(status, code)


def test_what_the_carrier_says_by_parameters_goes_before_its_words():
    assert report(receipt(WORDS % b"ENROUTE", receipted_id="77", state=2)) == Report("77", "delivered", "")
    assert report(receipt(receipted_id="77", state=5)) == Report("77", "undelivered", "30008")


@pytest.mark.parametrize("octets", [b"", b"hello", b"id:42", b"stat:DELIVRD"])
def test_a_receipt_that_names_no_text_or_no_state_says_nothing(octets):
    assert report(receipt(octets)) is None


@given(st.binary(max_size=200))
def test_no_octets_break_the_reading(octets):
    report(receipt(octets))


@pytest.mark.parametrize(
    ("esm_class", "is_receipt"), [(0, False), (4, True), (0x44, True), (0x20, True), (0x40, False)]
)
def test_the_carrier_says_what_is_a_receipt(esm_class, is_receipt):
    assert Delivered("1", 1, "2", esm_class, 0, WORDS).is_receipt is is_receipt


def test_ids_in_either_writing_are_one():
    assert canonical_id("0000002A", is_hex=True) == canonical_id("42", is_hex=False) == "42"
    assert canonical_id("no-number", is_hex=True) == "no-number"


@given(st.integers(1, 0xFFFFFFFF))
def test_every_status_has_a_meaning_with_words(status):
    outcome = refusal(status)
    assert isinstance(outcome, Bounced | Deferred)
    assert outcome.reason.endswith(f"({status:#x})")


def test_a_throttled_text_waits_with_all_of_its_sender_and_a_wrong_phone_is_no_more_written_to():
    assert refusal(0x58) == Deferred("faster than the carrier allows (0x58)", 1.0, route_wide=True)
    assert refusal(0x0B) == Bounced("not a valid phone number (0xb)", Fault.ADDRESS)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, ""),
        (1, "000000000001000R"),
        (899, "000000001459000R"),
        (4 * 3600, "000000040000000R"),
        (36_000, "000000100000000R"),
        (90_061, "000001010101000R"),
    ],
)
def test_a_time_from_now_is_written_as_a_span_and_not_as_a_date(seconds, written):
    assert time_from_now(seconds) == written
