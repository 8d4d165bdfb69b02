"""So many times within any so many seconds."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.window import Limit, Window

TWICE = Limit(2, 60)


def test_what_is_too_often_waits_until_the_first_one_is_over() -> None:
    window = Window()
    assert [window.hit(TWICE, "ann", now=now) for now in (100.0, 130.0)] == [None, None]
    assert window.hit(TWICE, "ann", now=150.0) == 10.0
    assert window.hit(TWICE, "ann", now=159.9) is not None
    assert window.hit(TWICE, "ann", now=160.0) is None
    assert window.hit(TWICE, "ann", now=161.0) == 29.0


def test_what_is_refused_is_not_counted() -> None:
    window = Window()
    for now in range(100, 160):
        window.hit(TWICE, "ann", now=float(now))
    assert window.hit(TWICE, "ann", now=160.0) is None


def test_each_limit_and_each_whose_is_counted_alone() -> None:
    window = Window()
    others = [(TWICE, ("ben",)), (TWICE, ("ann", "page")), (Limit(2, 60, "other"), ("ann",)), (Limit(2, 61), ("ann",))]
    for _ in range(3):
        window.hit(TWICE, "ann", now=0.0)
    assert [window.hit(limit, *whose, now=1.0) for limit, whose in others] == [None] * 4


def test_nothing_at_all_may_be_allowed() -> None:
    assert Window().hit(Limit(0, 60), "ann", now=5.0) == 60.0


def test_what_nothing_is_left_of_is_let_go() -> None:
    window = Window()
    for each in range(100_000):
        window.hit(TWICE, str(each), now=each * 0.1)
    assert len(window) <= 1_300, "those of the last minute, and as many again"
    assert window.hit(TWICE, "99999", now=10_000.0) is None
    assert window.hit(TWICE, "99999", now=10_001.0) is not None


@given(st.integers(1, 5), st.lists(st.integers(0, 30), max_size=60))
def test_there_are_never_more_in_any_window(most: int, pauses: list[int]) -> None:
    window, now, allowed = Window(), 0, []
    for pause in pauses:
        now += pause
        wait = window.hit(Limit(most, 60), "ann", now=float(now))
        if wait is None:
            allowed.append(now)
        else:
            assert window.hit(Limit(most, 60), "ann", now=now + wait - 1) is not None
    assert all(sum(start <= each < start + 60 for each in allowed) <= most for start in allowed)
