"""When the provider is asked about what it took, and what it says of prices."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.late import Price, first_look, next_look, read_price

SENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("amount", "unit", "price"),
    [
        ("-0.00750", "USD", Price(7_500, "USD")),
        ("-0.0079", "usd", Price(7_900, "USD")),
        ("-1.5", "EUR", Price(1_500_000, "EUR")),
        (-0.0075, "USD", Price(7_500, "USD")),
        ("0.00000", "USD", Price(0, "USD")),
        ("0.0075", "USD", Price(-7_500, "USD")),  # given back
        ("-120", "JPY", Price(120_000_000, "JPY")),
        (None, "USD", None),
        ("", "USD", None),
        ("-0.0075", None, None),
        ("-0.0075", "", None),
        ("-0.0075", "US$", None),
        ("-0.0075", "dollars", None),
        ("NaN", "USD", None),
        ("-Infinity", "USD", None),
        ("-1e400", "USD", None),
        ("free", "USD", None),
        ([], "USD", None),
    ],
)
def test_a_price_is_read_in_millionths_and_nothing_else_is_taken_for_one(
    amount: object, unit: object, price: Price | None
) -> None:
    assert read_price(amount, unit) == price


def test_a_text_is_asked_about_ever_more_seldom_and_not_for_ever() -> None:
    asked, at = [], first_look(HOUR, SENT)
    while at is not None:
        asked.append(at - SENT)
        at = next_look(HOUR, SENT, at, until=2 * DAY)
    assert asked == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, 32 * HOUR]


def test_asking_late_or_early_still_doubles_the_wait() -> None:
    assert next_look(HOUR, SENT, SENT + 3 * HOUR, until=2 * DAY) == SENT + 6 * HOUR
    assert next_look(HOUR, SENT, SENT, until=2 * DAY) == SENT + 2 * HOUR


def test_nothing_is_asked_where_it_is_turned_off() -> None:
    assert first_look(timedelta(0), SENT) is None
    assert next_look(timedelta(0), SENT, SENT + HOUR, until=DAY) is None
