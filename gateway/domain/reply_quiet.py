"""What is answered about quiet hours and budgets. Times are the person's own, and the zone is said with them."""

from datetime import datetime, time

from gateway.domain.quiet import Hours


def quiet_daily(hours: Hours, zone: str) -> str:
    return (
        f"Quiet from {_clock(hours.start)} to {_clock(hours.until)} ({zone} time): no texts but answers. "
        "WAKE ends it once, SLEEP OFF for good."
    )


def quiet_until(ends: datetime, *, today: bool) -> str:
    """``ends`` is on the person's clocks."""
    day = "" if today else f"{ends:%a} "
    return f"Quiet until {day}{_clock(ends.time())} ({ends.tzinfo} time): no texts but answers. WAKE ends it."


def no_hours() -> str:
    return "That begins and ends at the same time. Text SLEEP 22-7, or OFF for no texts at all."


def what_sleep_takes(most: int) -> str:
    return f"SLEEP takes 1 to {most} hours (SLEEP 8) or times of the day (SLEEP 22-7). Nothing was done or posted."


def awake(begins: datetime | None, *, today: bool) -> str:
    """``begins`` is when daily quiet hours begin again, on the person's clocks."""
    if begins is None:
        return "You are awake: texts come again."
    day = "" if today else f"{begins:%a} "
    when = f"{day}at {_clock(begins.time())} ({begins.tzinfo} time)"
    return f"You are awake: texts come again, until quiet begins {when}. SLEEP OFF ends that."


def not_asleep() -> str:
    return "It is not quiet now: texts come as usual."


def no_more_quiet() -> str:
    return "No more quiet hours: texts come at any time."


def slept_through(count: int, link: str) -> str:
    """The one text that stands for all that are not sent after quiet hours."""
    what = "1 more text" if count == 1 else f"{count} more texts"
    return f"{what} came in your quiet hours. Read on at {link}"


def texts_used_up(link: str) -> str:
    """``link`` is where posts can be read; empty when they come by mail instead."""
    how = f"You find them at {link}" if link else "They come by mail instead."
    return f"This month's texts are used up: no more posts by text until the next month. {how}"


def author_used_up() -> str:
    return "Your posts have used up this month's texts. Until the next month they go out by mail and on the site."


def _clock(moment: time) -> str:
    return f"{moment:%H:%M}"
