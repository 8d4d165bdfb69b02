"""Logs: their two forms, and what never gets into them."""

import asyncio
import gc
import io
import json
import logging
import sys

import pytest
import structlog
from sqlalchemy import text

from gateway.domain.masking import mask_text
from gateway.log import DROPPED, LogSettings, set_up
from store.unit import Store


@pytest.fixture
def logged():
    """Sets logs up on a stream in memory and gives it; what was set up before is there again afterwards."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook

    def start(**settings: str) -> io.StringIO:
        stream = io.StringIO()
        set_up(LogSettings(**settings), stream)
        return stream

    yield start
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+15551234512", "+1555…12"),
        ("from +15551234512, to +491701234567", "from +1555…12, to +4917…67"),
        ("alice@example.com", "a…@example.com"),
        ("<post+abc.def@birds.example>", "<p…@birds.example>"),
        ("no number: 15551234512, +123", "no number: 15551234512, +123"),
        ("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00+00:00"),
    ],
)
def test_numbers_and_addresses_are_masked(text, masked):
    assert mask_text(text) == masked


def test_json_is_written_where_nobody_is_watching(logged):
    stream = logged()
    structlog.get_logger("birds").info("took off", count=3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["count"], line["level"], line["logger"]) == ("took off", 3, "info", "birds")
    assert line["timestamp"].endswith("Z")


def test_key_value_is_written_for_people(logged):
    stream = logged(format="console")
    structlog.get_logger("birds").info("took off", count=3)
    assert "took off" in stream.getvalue()
    assert "count=3" in stream.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_must_not_be_in_a_log_is_not(logged, form):
    stream = logged(format=form)
    log = structlog.get_logger("birds")
    log.warning("heard", to="+15551234512", mail=["bob@example.com"], deep={"text": "hush", "from": "+15551234512"})
    log.warning("heard", **dict.fromkeys(DROPPED, "hush"))
    logging.getLogger("library").warning("sent to %s", "bob@example.com")
    written = stream.getvalue()
    assert "hush" not in written
    assert "+15551234512" not in written
    assert "bob@example.com" not in written
    assert "b…@example.com" in written


@pytest.mark.parametrize("form", ["console", "json"])
def test_of_an_error_its_name_and_its_way_are_written_and_not_its_words(logged, form):
    stream = logged(format=form)

    words = "said in confidence"

    def write() -> None:
        try:
            raise KeyError(words)
        except KeyError as missing:
            causes = [ValueError(words), PermissionError(13, "Permission denied", words)]
            raise ExceptionGroup(words, causes) from missing

    try:
        write()
    except ExceptionGroup:
        structlog.get_logger("birds").exception("failed")
        logging.getLogger("library").exception("failed, too")
        sys.excepthook(*sys.exc_info())
    written = stream.getvalue()
    assert "crashed" in written
    for told in ("in write", "KeyError", "which led to", "ExceptionGroup", "PermissionError: Permission denied"):
        assert written.count(told) >= 3, told
    assert words not in written


@pytest.mark.parametrize("form", ["console", "json"])
async def test_what_a_unit_could_not_write_is_in_no_log(logged, store: Store, form: str) -> None:
    stream = logged(format=form, level="debug")
    log = structlog.get_logger("birds")
    private = {
        "words": "meet me at the old mill",
        "token": "s3cr3t-t0ken",
        "number": "+15551234512",
        "address": "bob@example.com",
    }
    add = text("INSERT INTO facts (name, value) VALUES (:words, :token || :number || :address)")
    broken = [
        add,
        text("INSERT INTO facts (name) VALUES (:words || :token || :number || :address)"),
        text("SELECT :words FROM nests WHERE :token = :number OR :address = ''"),
        text(f"SELECT {'json' if store.is_sqlite else 'to_date'}(CAST(:words AS TEXT) "
             f"{'' if store.is_sqlite else ', :token'}), :token, :number, :address"),
        text("SELECT CAST(:words AS INTEGER) + abs(-9223372036854775807 - 1), :token, :number, :address"),
    ]  # fmt: skip
    async with store.unit() as unit:
        await unit.execute(add, private)
    for statement in broken:
        try:
            async with store.unit() as unit:
                await unit.execute(statement, private)
        except Exception as error:
            log.exception("not written")
            log.error("not written", error=type(error).__name__)
            logging.getLogger("library").exception("nor this")
        else:
            pytest.fail(f"{statement} works")

    async def fail_alone() -> None:
        async with store.unit() as unit:
            await unit.execute(add, private)

    forgotten = asyncio.create_task(fail_alone())
    await asyncio.wait([forgotten])
    del forgotten
    gc.collect()
    written = stream.getvalue()
    assert "never retrieved" in written
    for each in private.values():
        assert each not in written


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_an_operator_needs_of_a_provider_is_written(logged, form):
    stream = logged(format=form)
    structlog.get_logger("birds").error("the provider needs the operator", code=20003)
    assert "20003" in stream.getvalue()


def test_events_below_the_level_are_not_written(logged):
    stream = logged(level="warning")
    structlog.get_logger("birds").info("took off")
    logging.getLogger("library").info("took off")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("name", ["alembic.runtime.migration", "apscheduler.scheduler", "aiohttp.access"])
def test_libraries_keep_their_chatter_to_themselves(logged, name):
    stream = logged()
    logging.getLogger(name).info("chatter")
    if name.startswith("apscheduler"):
        logging.getLogger(name).warning("maximum number of running instances reached")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("name", ["aiosqlite", "sqlalchemy.engine", "asyncpg", "twilio", "asyncio"])
def test_at_debug_libraries_still_do_not_tell_what_people_wrote(logged, name):
    stream = logged(level="debug")
    logging.getLogger(name).debug("INSERT INTO posts VALUES ('my very private words')")
    structlog.get_logger("gateway.something").debug("a detail")
    assert "private" not in stream.getvalue()
    assert "a detail" in stream.getvalue()


def test_masking_takes_no_longer_for_hostile_lines(logged):
    assert mask_text("@ " + "x" * 1_000_000) == "@ " + "x" * 1_000_000
    assert mask_text("x" * 100_000 + "@example.com").endswith("x…@example.com")


def test_a_library_s_envelopes_are_not_our_log(logged):
    stream = logged(level="debug")
    logging.getLogger("mail.log").info("recip: bob")
    assert stream.getvalue() == ""
