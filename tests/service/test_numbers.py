"""What a phone number tells of where it is."""

import phonenumbers
import pytest

from gateway.service.numbers import country_of


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+491701234567", "DE"),
        ("+14155550123", "US"),
        ("+16135550123", "CA"),
        ("+15550001111", "US"),
        ("+353851234567", "IE"),
        ("12345", "ZZ"),
        ("", "ZZ"),
    ],
)
def test_a_number_tells_its_country(number: str, country: str) -> None:
    assert country_of(number) == country


def test_every_country_is_told_by_the_numbers_of_its_phones() -> None:
    """Only the beginning is looked at, and so it must be enough, also where countries share a calling code."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                assert country_of(written) == phonenumbers.region_code_for_number(number), written
