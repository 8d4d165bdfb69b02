"""What a phone number tells of where it is, and how people write it."""

import subprocess
import sys

import phonenumbers
import pytest

from gateway.service.numbers import country_of, dialled


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


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+491701234567", "+49 170 1234567"),
        ("+14155550123", "+1 415-555-0123"),
        ("+442079460000", "+44 20 7946 0000"),
        ("+15550001111", "+1 555-000-1111"),
        ("+1555…11", "+1555…11"),
        ("12345", "12345"),
        ("Birds", "Birds"),
        ("+15550001111@sms.example", "+15550001111@sms.example"),
        ("", ""),
    ],
)
def test_a_number_is_written_as_people_write_it(number: str, written: str) -> None:
    assert dialled(number) == written


def test_every_country_is_told_by_the_numbers_of_its_phones() -> None:
    """Only the beginning is looked at, and so it must be enough, also where countries share a calling code."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                assert country_of(written) == phonenumbers.region_code_for_number(number), written


@pytest.mark.parametrize("number", ["+35699123456", "+870773123456"])
def test_a_country_that_could_not_be_read_up_is_read_up_the_next_time(number: str) -> None:
    """In a program of its own, which has not met the country yet."""
    program = f"""
import resource
import phonenumbers
import gateway.service.numbers
files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, files[1]))
for _ in range(2):
    try:
        phonenumbers.parse("{number}")
    except OSError as error:
        print(error.strerror)
resource.setrlimit(resource.RLIMIT_NOFILE, files)
print(phonenumbers.is_possible_number(phonenumbers.parse("{number}")))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout.splitlines() == ["Too many open files", "Too many open files", "True"]
