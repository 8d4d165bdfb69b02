"""What may be spent on texts in a month."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.budget import Budget, Of, counted, exhausted, last_words, month_of, next_month

ALL = Budget(site=10, author=5, recipient=2)


@pytest.mark.parametrize(
    ("used", "segments", "whose"),
    [
        ({}, 1, None),
        ({(Of.SITE, 0): 9}, 1, None),
        ({(Of.SITE, 0): 9}, 2, Of.SITE),
        ({(Of.AUTHOR, 1): 5}, 1, Of.AUTHOR),
        ({(Of.AUTHOR, 2): 5}, 1, None),
        ({(Of.RECIPIENT, 7): 1}, 2, Of.RECIPIENT),
        ({(Of.RECIPIENT, 7): 1}, 1, None),
    ],
)
def test_a_text_must_fit_into_every_budget(used, segments, whose):
    assert exhausted(ALL, used, list(counted(ALL, 1, 7)), segments) == whose


def test_nothing_is_counted_where_there_is_no_limit():
    assert list(counted(Budget(site=10), 1, 7)) == [(Of.SITE, 0)]
    assert list(counted(ALL, None, None)) == [(Of.SITE, 0)]
    assert exhausted(Budget(author=5), {(Of.SITE, 0): 1_000}, [(Of.SITE, 0)], 1) is None
    assert not Budget()


def test_a_month_is_one_of_the_calendar_where_the_site_is():
    assert month_of(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), UTC) == 202611
    assert month_of(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")) == 202612
    assert next_month(202611) == 202612
    assert next_month(202612) == 202701


@pytest.mark.parametrize(("limit", "texts"), [(5, 20), (200, 20), (1000, 100)])
def test_last_words_are_a_tenth_of_the_budget_or_a_few(limit: int, texts: int) -> None:
    assert last_words(limit) == texts
