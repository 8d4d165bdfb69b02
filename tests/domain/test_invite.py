"""Codes of invitations: how they are written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.invite import CODES, code_of, read

NUMBERS = st.integers(0, CODES - 1)


@given(NUMBERS)
def test_a_code_is_read_as_it_is_written_however_it_is_typed(number: int) -> None:
    code = code_of(number)
    assert len(code) == 11
    for typed in (code, code.upper(), code.replace("-", ""), code.replace("-", " "), f"  {code}\n"):
        assert read(typed) == code


@given(NUMBERS, NUMBERS)
def test_every_number_has_a_code_of_its_own(one: int, other: int) -> None:
    assert (code_of(one) == code_of(other)) == (one == other)


@pytest.mark.parametrize(
    "typed", ["", "tonight", "k7qm2-xrp4", "k7qm2-xrp4tt", "k7qm2--xrp4t", "k7qm0-xrp4t", "k7qma-xrp4t"]
)
def test_what_looks_like_no_code_is_none(typed: str) -> None:
    assert read(typed) is None


@given(st.text())
def test_anything_can_be_typed(typed: str) -> None:
    read(typed)
