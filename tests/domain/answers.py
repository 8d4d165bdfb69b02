"""Every answer there is, with the longest that can stand in it: no function is named here, so none is forgotten."""

import inspect
from collections.abc import Callable, Iterator
from datetime import datetime, time
from functools import partial
from itertools import product
from types import ModuleType
from zoneinfo import ZoneInfo

from gateway.domain import (
    reply,
    reply_listening,
    reply_mail,
    reply_people,
    reply_posts,
    reply_quiet,
    reply_reading,
    reply_site,
    reply_together,
)
from gateway.domain.quiet import Hours
from gateway.domain.speech import say

MODULES: tuple[ModuleType, ...] = (
    reply,
    reply_listening,
    reply_mail,
    reply_people,
    reply_posts,
    reply_quiet,
    reply_reading,
    reply_site,
    reply_together,
)

NAME = "abcdefghijklmno"
SITE = "A community with a name"
URL = "https://birds.example.org"
MAILBOX = "ops@birds.example.org"
PAGE = f"{URL}/@{NAME}/123456789"
LOGIN = f"{URL}/login/{'x' * 32}"
ZONE = "America/Argentina/ComodRivadavia"
LATER = datetime(2026, 11, 25, 22, 30, tzinfo=ZoneInfo(ZONE))


def whoever() -> str:
    return say("whoever runs this site")


VALUES: dict[str, tuple[object, ...]] = {
    "name": (NAME,),
    "site": (SITE,),
    "url": (URL,),
    "ask": ("", MAILBOX, whoever),
    "contact": ("", MAILBOX),
    "link": (PAGE,),
    "number": (0, 1, 9),
    "total": (1, 100_000),
    "count": (1, 2, 10_000),
    "members": (0, 1, 100_000),
    "limit": (100,),
    "times": (1, 2),
    "minutes": (10,),
    "most": (99,),
    "over": (1, 1000),
    "parts": (1, 3),
    "came": (2,),
    "posts": (1, 100_000),
    "followers": (1, 100_000),
    "following": (100_000,),
    "counts": ((1, 1), (100_000, 100_000)),
    "code": ("48214821",),
    "mode": ("invite", "domains", "closed"),
    "word": (NAME, "josé \u0142", "\U0001f600"),
    "what": (f"#{NAME}",),
    "key": (f"!{NAME}",),
    "group": (NAME,),
    "tag": (NAME,),
    "option": ("pizza",),
    "result": ("Lunch? pizza 3, soup 5. 8 votes.",),
    "answer": ("",),
    "text": ("", "x" * 140),
    "bio": ("", "a long story " * 30),
    "address": (f"post+{'x' * 32}@{URL}",),
    "hours": (Hours(time(22, 30), time(7, 15)),),
    "zone": (ZONE,),
    "ends": (LATER,),
    "hour": (23,),
    "place": ("ComodRivadavia",),
    "people": (0, 1, 100),
    "keys": (0, 1, 50),
    "sender": ("bob@mail.example",),
    "subject": ("", "Re: your mail"),
    "begins": (None, LATER),
}
SPECIAL: dict[tuple[str, str], tuple[object, ...]] = {
    ("confirm_delete", "name"): ("", NAME),
    ("invitation", "number"): ("", "+15550009999"),
    ("login", "link"): (LOGIN,),
    ("login_letter", "link"): (LOGIN,),
    ("texts_used_up", "link"): ("", URL),
    ("slept_through", "link"): (URL,),
    ("more_of", "total"): (None, 100_000),
    ("limit", "limit"): (1000,),
    ("terms", "words"): ("",),
    ("post_removed", "why"): ("it names somebody who did not want it",),
    ("post_removed", "words"): ("Lunch at the harbour", "Lunch at the harbour in ten minutes, " * 4),
    ("came_back", "address"): (MAILBOX, f"{'x' * 60}@mail.example"),
    ("complained", "address"): (MAILBOX, f"{'x' * 60}@mail.example"),
    ("code_mailed", "address"): (MAILBOX, f"{'x' * 60}@mail.example"),
    ("joined_by_mail", "address"): ("post@birds.example.org",),
}
YES_OR_NO = (True, False)


def functions() -> Iterator[tuple[str, Callable[..., str]]]:
    """Every function whose words people are answered with."""
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", function


def answers() -> Iterator[tuple[str, Callable[[], str]]]:
    """Every answer with each choice of values, yet to be said, under a name of its own."""
    for name, function in functions():
        parameters = inspect.signature(function).parameters.values()
        choices = [_choices(function.__name__, each) for each in parameters]
        for number, values in enumerate(product(*choices)):
            yield f"{name}-{number}", partial(_said, function, parameters, values)


def _choices(function: str, parameter: inspect.Parameter) -> tuple[object, ...]:
    if (function, parameter.name) in SPECIAL:
        return SPECIAL[function, parameter.name]
    if parameter.annotation is bool:
        return YES_OR_NO
    return VALUES[parameter.name]


def _said(function: Callable[..., str], parameters: "list[inspect.Parameter]", values: tuple[object, ...]) -> str:
    resolved = [value() if value is whoever else value for value in values]
    by_place = [value for each, value in zip(parameters, resolved, strict=True) if each.kind is not each.KEYWORD_ONLY]
    by_name = {each.name: v for each, v in zip(parameters, resolved, strict=True) if each.kind is each.KEYWORD_ONLY}
    return function(*by_place, **by_name)
