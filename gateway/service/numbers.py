"""What a phone number tells of where it is, and how people write it."""

import re
from functools import lru_cache
from importlib import import_module

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

_E164 = re.compile(r"\+[0-9]{4,15}")

UNKNOWN = "ZZ"
"""The country of what is no international number, such as a short code."""


def country_of(number: str) -> str:
    """The two letters of an E.164 number's country."""
    regions = _regions(number[:4])
    return regions[0] if len(regions) == 1 else _among(_telling(number), regions[0])


@lru_cache(maxsize=10_000)
def _regions(beginning: str) -> tuple[str, ...]:
    """The countries that share the calling code of numbers that begin like this: a plus sign and three digits."""
    for length in (1, 2, 3) if beginning.startswith("+") else ():
        code = beginning[1 : 1 + length]
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isdecimal() else None
        if regions is not None:
            return regions
    return (UNKNOWN,)


def dialled(number: str) -> str:
    """An E.164 number in groups of digits, with its country, as people write it anywhere (ITU-T E.123); what is none,
    such as a short code or a mail address, as it is."""
    return _grouped(number) if _E164.fullmatch(number) else number


@lru_cache(maxsize=1_000)
def _grouped(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _telling(number: str) -> str:
    """A number that says as much of its country, and is the same for many: asking takes longer than sending."""
    return f"{number[:5]}2345678" if number.startswith("+1") else f"{number[:-3]}000"


@lru_cache(maxsize=10_000)
def _among(number: str, main: str) -> str:
    """Several countries share the calling code; ``main`` is the one to name when the number does not tell."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or main
    except phonenumbers.NumberParseException:
        return main


def _load_region(code: str | int) -> None:
    """What the library knows of a country is read when a number of it is first seen, under a lock that it does not let
    go where that fails: without a free file descriptor, and everybody would wait for it until the end."""
    try:
        import_module(f"phonenumbers.data.region_{code}")
    except BaseException:
        PhoneMetadata._metadata_lock.release()
        raise


for _region in phonenumbers.SUPPORTED_REGIONS:
    PhoneMetadata.register_region_loader(_region, _load_region)
for _calling_code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
    PhoneMetadata.register_nongeo_region_loader(_calling_code, _load_region)
