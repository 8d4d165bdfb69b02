"""What is answered about quiet hours and budgets. Times are the person's own, and the zone is said with them."""

from datetime import datetime, time

from gateway.domain.quiet import Hours
from gateway.domain.reply_form import sentences, weekday
from gateway.domain.speech import counted, say


def quiet_daily(hours: Hours, zone: str) -> str:
    return say(
        "Quiet from {start} to {until} ({zone} time): no texts but answers. WAKE ends it once, SLEEP OFF for good.",
        start=_clock(hours.start),
        until=_clock(hours.until),
        zone=zone,
    )


def quiet_until(ends: datetime, *, today: bool) -> str:
    """``ends`` is on the person's clocks."""
    when = _clock(ends.time())
    if not today:
        when = say("{day} {time}", day=weekday(ends), time=when)
    return say("Quiet until {when} ({zone} time): no texts but answers. WAKE ends it.", when=when, zone=ends.tzinfo)


def no_hours() -> str:
    return say("That begins and ends at the same time. Text SLEEP 22-7, or OFF for no texts at all.")


def what_sleep_takes(most: int) -> str:
    return say(
        "SLEEP takes 1 to {most} hours (SLEEP 8) or times of the day (SLEEP 22-7). Nothing was done or posted.",
        most=most,
    )


def awake(begins: datetime | None, *, today: bool) -> str:
    """``begins`` is when daily quiet hours begin again, on the person's clocks."""
    if begins is None:
        return say("You are awake: texts come again.")
    time, zone = _clock(begins.time()), begins.tzinfo
    if today:
        return say(
            "You are awake: texts come again, until quiet begins at {time} ({zone} time). SLEEP OFF ends that.",
            time=time,
            zone=zone,
        )
    return say(
        "You are awake: texts come again, until quiet begins {day} at {time} ({zone} time). SLEEP OFF ends that.",
        day=weekday(begins),
        time=time,
        zone=zone,
    )


def not_asleep() -> str:
    return say("It is not quiet now: texts come as usual.")


def no_more_quiet() -> str:
    return say("No more quiet hours: texts come at any time.")


def slept_through(count: int, link: str) -> str:
    """The one text that stands for all that are not sent after quiet hours."""
    return counted(
        "{n} more text came in your quiet hours. Read on at {link}",
        "{n} more texts came in your quiet hours. Read on at {link}",
        count,
        link=link,
    )


def texts_used_up(link: str) -> str:
    """``link`` is where posts can be read; empty when they come by mail instead."""
    how = say("You find them at {link}", link=link) if link else say("They come by mail where you have it on.")
    return sentences(say("This month's texts are used up: no more posts by text until the next month."), how)


def author_used_up() -> str:
    return say("Your posts have used up this month's texts. Until the next month they go out by mail and on the site.")


def _clock(moment: time) -> str:
    return f"{moment:%H:%M}"
