"""Logs: their two forms, and what never gets into them."""

import io
import json
import logging

import pytest
import structlog

from gateway.log import DROPPED, LogSettings, mask_text, set_up


@pytest.fixture
def logged():
    """Sets logs up on a stream in memory and gives it; what was set up before is there again afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def start(**settings: str) -> io.StringIO:
        stream = io.StringIO()
        set_up(LogSettings(**settings), stream)
        return stream

    yield start
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
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
    try:
        raise ValueError("could not write to bob@example.com")
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    assert "hush" not in written
    assert "+15551234512" not in written
    assert "bob@example.com" not in written
    assert "b…@example.com" in written
    assert "ValueError" in written


def test_events_below_the_level_are_not_written(logged):
    stream = logged(level="warning")
    structlog.get_logger("birds").info("took off")
    logging.getLogger("library").info("took off")
    assert stream.getvalue() == ""


def test_a_library_s_envelopes_are_not_our_log(logged):
    stream = logged(level="debug")
    logging.getLogger("mail.log").info("recip: bob")
    assert stream.getvalue() == ""
