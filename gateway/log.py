"""Structured logs: one event and its ``key=value`` pairs a line; JSON where no person is watching.

The rule stands where lines are written: no message text, no token, no whole phone number or address. This module is
the last line of defence behind it: keys that carry such things are dropped, numbers and addresses inside values masked,
and of errors only their names are written and the way they came, since their words may quote anything.
"""

import logging
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from gateway.domain.masking import mask_text


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """``[log]``. ``auto`` is ``console`` on a terminal and ``json`` otherwise."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


DROPPED = frozenset(
    {
        "text",
        "body",
        "raw",
        "message",
        "words",
        "content",
        "answer",
        "subject",
        "pin",
        "cookie",
        "authorization",
    }
    | {"key", "secret", "secret_key", "token", "auth_token", "auth_token_next", "password", "passwd"}
)
"""Keys whose values never reach a log line."""

_OURS = ("gateway", "inbound", "outbound", "store")
"""Where ``debug`` counts. Libraries are never heard at it: they write statements there, and the values in them."""
_NOISY = {
    "aiohttp.access": logging.WARNING,
    "mail.log": logging.ERROR,
    "apscheduler": logging.ERROR,
    "alembic": logging.WARNING,
}
"""Libraries whose chatter is not ours: aiosmtpd logs whole envelopes, APScheduler every job that is still at work when
its next time comes, the others every call."""


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send structlog's and every library's events to ``stream`` (stderr), masked, from ``settings.level`` upwards; and
    what takes the program down, too."""
    stream = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=list(_rendering(as_json, stream)))
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for name, quietest in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, quietest))
    logging.captureWarnings(True)
    sys.excepthook = _log_crash


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: drops the keys of DROPPED and masks numbers and addresses in what is left."""
    return {key: _masked(value) for key, value in event.items() if key.lower() not in DROPPED}


def tell(exc_info: ExcInfo) -> str:
    """A traceback as Python would print it, but without the errors' own words; those of the system are kept."""
    return "".join(_story(exc_info[1], set())).rstrip()


def _story(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in told:
        yield from _story(before, told)
        yield "which led to\n"
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    yield f"{name}: {error.strerror}\n" if isinstance(error, OSError) and error.strerror else f"{name}\n"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(part) not in told:
            yield from ("  " + line for line in "".join(_story(part, told)).splitlines(keepends=True))


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught (``sys.excepthook``)."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("crashed", exc_info=error)


def _without_reprs(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """asyncio says in its first line what happened, and in those below it with which tasks, errors and all."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask_text(value)
        case dict():
            return {k: _masked(v) for k, v in value.items() if str(k).lower() not in DROPPED}
        case list() | tuple() | set() | frozenset():
            return [_masked(item) for item in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return mask_text(str(value))


def _rendering(as_json: bool, stream: TextIO) -> Iterable[Processor]:
    yield structlog.stdlib.ProcessorFormatter.remove_processors_meta
    yield structlog.processors.ExceptionRenderer(tell)
    yield _without_reprs
    yield mask
    if as_json:
        yield structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        yield structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
