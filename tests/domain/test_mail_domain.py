"""Which mail addresses are the community's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.mail_domain import belongs, is_domain

OURS = ("firm.example", ".school.example", "xn--mller-kva.example")


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("a@firm.example", True),
        ("a@FIRM.Example", True),
        ("a@mail.firm.example", False),
        ("a@firm.example.evil.example", False),
        ("a@notfirm.example", False),
        ("a@school.example", False),
        ("a@x.school.example", True),
        ("a@x.y.school.example", True),
        ("a@xschool.example", False),
        ("a@.school.example", False),
        ("a@müller.example", True),
        ("a@xn--mller-kva.example", True),
        ("firm.example", False),
        ("a@", False),
        ("a@" + "x" * 300 + ".school.example", False),
        ("", False),
    ],
)
def test_a_domain_is_itself_and_one_with_a_dot_is_what_is_below_it(address: str, is_ours: bool) -> None:
    assert belongs(address, OURS) == is_ours


def test_where_no_domain_is_ours_no_address_is() -> None:
    assert not belongs("a@firm.example", ())


@given(st.text(), st.text())
def test_any_address_gets_an_answer(local: str, domain: str) -> None:
    belongs(f"{local}@{domain}", OURS)


@pytest.mark.parametrize(
    "written", ["firm.example", ".firm.example", "localhost", "xn--mller-kva.example", "A.example"]
)
def test_a_domain_may_stand_in_the_list(written: str) -> None:
    assert is_domain(written)


@pytest.mark.parametrize(
    "written", ["", ".", "..", "a@firm.example", "*.firm.example", "firm.example.", "-a.example", "a b"]
)
def test_anything_else_may_not(written: str) -> None:
    assert not is_domain(written)
