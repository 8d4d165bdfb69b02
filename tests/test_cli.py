"""The command line: what each command does to the database, what it prints, and how it ends."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import COMMANDS, main
from gateway.cli_follows import parse_via
from gateway.cli_post import parse_when
from gateway.domain import provider_codes
from gateway.domain.delivery import Halt
from gateway.service import alerts, identity, joining, mailboxes, refusals
from gateway.service.site import Site
from store import accounts, addresses, reports, routes
from store.unit import Store

ROOT = Path(__file__).parent.parent


class Birdwire:
    """Runs commands on one database and tells how they end."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._environment = {"BIRDWIRE_STORE__URL": url, "BIRDWIRE_CONFIG": ""}
        self.folder = folder

    def run(self, *arguments: str, code: int = 0, **environment: str) -> Result:
        result = CliRunner().invoke(main, arguments, env={**self._environment, **environment}, prog_name="birdwire")
        assert result.exit_code == code, result.output
        return result

    def done(self, *arguments: str, **environment: str) -> str:
        return self.run(*arguments, **environment).stdout

    def refused(self, *arguments: str, **environment: str) -> str:
        return self.run(*arguments, code=1, **environment).stderr

    def misused(self, *arguments: str) -> str:
        return self.run(*arguments, code=2).stderr

    def json(self, *arguments: str, **environment: str):
        return json.loads(self.done(*arguments, "--json", **environment))


@pytest.fixture
def birdwire(store_url, tmp_path, monkeypatch):
    """The command, on a migrated, empty database."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(store_url, tmp_path)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """The command, on a SQLite database that does not exist yet."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(f"sqlite:///{tmp_path / 'fresh.db'}", tmp_path)


def test_the_list_of_commands_loads_none_of_what_they_need():
    program = (
        "import atexit, runpy, sys; sys.argv[1:] = ['--help'];"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "runpy.run_module('gateway', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "queue" in done.stdout
    assert not {"asyncio", "sqlalchemy", "aiohttp", "phonenumbers", "structlog"} & set(done.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help(name):
    result = CliRunner().invoke(main, [name, "--help"], prog_name="birdwire")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: birdwire {name}")


def test_every_command_is_described_for_operators():
    text = (ROOT / "docs" / "operations.md").read_text()
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        below = (
            [f"{name} {sub}" for sub in command.commands if sub != "add"]
            if isinstance(command, click.Group)
            else [name]
        )
        for words in below:
            assert f"birdwire {words}" in text, words


def test_an_unknown_command_is_wrong_usage():
    assert CliRunner().invoke(main, ["fly"]).exit_code == 2


def test_somebody_is_added_and_shown(birdwire):
    added = birdwire.json(
        "user", "add", "@Alice", "--phone", "(555) 123-4567", "--email", "Alice@Example.com", "--protected", "--admin"
    )
    shown = birdwire.json("user", "show", "alice")
    assert shown == added
    assert shown["name"] == "alice"
    assert shown["phones"] == ["+15551234567"]
    assert [mail.lower() for mail in shown["emails"]] == ["alice@example.com"]
    assert shown["posting_address"].startswith("post+")
    assert shown["posting_address"].endswith("@localhost")
    assert "/feeds/" in shown["feed_url"]
    assert (shown["protected"], shown["admin"]) == (True, True)
    assert (shown["followers"], shown["following"]) == ([], [])
    assert "alice" in birdwire.done("user", "show", "ALICE")


def test_somebody_may_have_several_phones_and_mailboxes_from_the_start(birdwire):
    told = ("--phone", "+15551234567", "--phone", "+15551234568", "--email", "a@b.example", "--email", "c@d.example")
    shown = birdwire.json("user", "add", "alice", *told)
    assert shown["phones"] == ["+15551234567", "+15551234568"]
    assert shown["emails"] == ["a@b.example", "c@d.example"]
    assert "belongs to alice" in birdwire.refused("user", "add", "bob", "--phone", "+15551234560", *told)
    assert [each["name"] for each in birdwire.json("user", "list")] == ["alice"]


def test_the_list_of_everybody_holds_no_secrets(birdwire):
    birdwire.done("user", "add", "alice", "--phone", "+15551234567")
    [alice] = birdwire.json("user", "list")
    assert alice["name"] == "alice"
    assert set(alice) < set(birdwire.json("user", "show", "alice"))
    assert not [key for key in alice if "hash" in key or "version" in key]


def _below(command, words):
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            yield from _below(sub, f"{words} {sub.name}")
    else:
        yield words, command


def test_every_command_answers_programs_in_json_where_it_answers_at_all():
    """Not so what runs until it is ended, what shows each step of a way, and what writes a file or CSV."""
    commands = dict(pair for name in COMMANDS for pair in _below(main.get_command(click.Context(main), name), name))
    silent = {words for words, each in commands.items() if not any("--json" in option.opts for option in each.params)}
    assert silent == {"demo", "serve", "mail test", "consents export", "audit export"}


def test_what_was_done_is_told_to_programs(birdwire, tmp_path):
    for name in ("alice", "bob"):
        birdwire.done("user", "add", name)
    file = tmp_path / "follows.csv"
    file.write_text("bob,alice,sms\n")
    assert birdwire.json("follow", "@Alice", "bob", "--via", "email") == {
        "follower": "alice",
        "followee": "bob",
        "via": "email",
    }
    assert birdwire.json("follow", "import", str(file)) == {"follows": 1}
    assert birdwire.json("queue", "hold") == {"held": True}
    assert birdwire.json("queue", "release") == {"held": False, "senders": []}
    assert birdwire.json("queue", "retry", "--all") == {"queued": 0}
    assert birdwire.json("user", "suspend", "Bob") == {"name": "bob", "suspended": True}
    assert birdwire.json("user", "restore", "bob") == {"name": "bob", "suspended": False}
    exported = birdwire.json("export", "bob", str(tmp_path / "bob.zip"))
    assert exported == {"file": str(tmp_path / "bob.zip"), "bytes": (tmp_path / "bob.zip").stat().st_size}
    assert birdwire.json("backup", str(tmp_path / "all.zip"))["rows"] > 0
    assert birdwire.json("user", "delete", "bob") == {"name": "bob", "deleted": True}
    at = birdwire.json("db", "status")["needed"]
    assert birdwire.json("db", "upgrade") == {"before": at, "current": at}


def test_a_phone_of_a_texting_site_is_written_to_at_once(birdwire):
    twilio = {
        "BIRDWIRE_SMS__PROVIDER": "twilio",
        "BIRDWIRE_SMS__TWILIO__ACCOUNT_SID": "AC1",
        "BIRDWIRE_SMS__TWILIO__AUTH_TOKEN": "t",
        "BIRDWIRE_SMS__SENDERS__0__NUMBER": "+15550009999",
        "BIRDWIRE_SITE__PUBLIC_URL": "https://birds.example",
    }
    for name, phone in (("alice", "+15550000001"), ("bob", "+15550000002")):
        birdwire.done("user", "add", name, "--phone", phone, **twilio)

    async def ways() -> list[int | None]:
        store = Store(birdwire.url)
        async with store.reading() as reading:
            people = await accounts.page(reading, most=10)
        await store.close()
        return [each.sms_route for each in people]

    found = asyncio.run(ways())
    assert len(found) == 2
    assert all(found)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["user", "add", "bob"], "somebody is called bob already"),
        (["user", "add", "far too long a name"], "is not a name"),
        (["user", "add", "carol", "--phone", "+15550000002"], "belongs to bob"),
        (["user", "show", "zed"], "nobody is called zed"),
        (["user", "suspend", "zed"], "nobody is called zed"),
        (["user", "restore", "bob"], "bob is not suspended"),
        (["user", "delete", "zed"], "nobody is called zed"),
        (["follow", "bob", "zed"], "nobody is called zed"),
        (["follow", "bob", "bob"], "nobody follows themselves"),
        (["post", "zed", "hello"], "nobody is called zed"),
        (["post", "bob", "x" * 141, "--at", "2020-01-01"], "that time has passed"),
        (["post", "bob", "hi", "--every", "now and then"], "cron"),
        (["post", "bob", "   "], "there are no words in it"),
        (["schedule", "drop", "7"], "there is no scheduled post 7"),
        (["queue", "retry", "7"], "none of these was given up"),
        (["queue", "drop", "7"], "none of these is waiting"),
    ],
)
def test_what_is_refused_says_why_on_stderr(birdwire, arguments, reason):
    birdwire.done("user", "add", "bob", "--phone", "+15550000002")
    assert reason in birdwire.refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "add", "bob", "--phone", "12"],
        ["user", "add", "bob", "--email", "nobody"],
        ["user", "add"],
        ["follow", "bob"],
        ["follow", "alice", "bob", "--via", "pigeon"],
        ["post", "bob", "hi", "--at", "yesterday"],
        ["post", "bob", "hi", "--at", "08:00", "--every", "0 8 * * *"],
        ["queue", "retry", "--all", "1"],
        ["queue", "list", "--state", "lost"],
        ["serve", "--only", "everything"],
    ],
)
def test_wrong_usage_is_told_apart(fresh, arguments):
    assert "Usage: birdwire" in fresh.misused(*arguments)


def test_somebody_is_suspended_restored_and_deleted(birdwire):
    birdwire.done("user", "add", "bob")
    birdwire.done("user", "suspend", "bob")
    assert birdwire.json("user", "show", "bob")["suspended_at"]
    assert "bob is suspended" in birdwire.refused("post", "bob", "hello")
    birdwire.done("user", "restore", "bob")
    assert birdwire.json("user", "show", "bob")["suspended_at"] is None
    birdwire.done("user", "delete", "bob")
    assert birdwire.json("user", "list") == []


def test_who_gets_nothing_any_more_is_seen_with_the_reason_and_taken_up_again(birdwire):
    birdwire.done("user", "add", "bob", "--email", "bob@x.example", "--phone", "(555) 123-4567")
    birdwire.done("user", "add", "eve", "--email", "eve@x.example")

    async def stop() -> None:
        store = Store(birdwire.url)
        site = Site("Testville", "https://birds.example", "birds.example", b"k" * 32)
        now = datetime.now(UTC)
        async with store.unit() as unit:
            for channel, address in (("email", "bob@x.example"), ("sms", "+15551234567")):
                found = await addresses.find(unit, channel, address)
                assert found is not None
                await addresses.mark_dead(unit, found.id, "5.1.1 nobody here", now=now)
            eve = await addresses.find(unit, "email", "eve@x.example")
            assert eve is not None
            await mailboxes.complained(unit, site, eve, "complaint (abuse)", now=now)
        await store.close()

    asyncio.run(stop())
    shown = birdwire.json("user", "show", "bob")["stopped"]
    assert {(each["address"], each["reason"]) for each in shown} == {
        ("+15551234567", "5.1.1 nobody here"),
        ("bob@x.example", "5.1.1 nobody here"),
    }
    assert "bob@x.example (5.1.1 nobody here)" in birdwire.done("user", "show", "bob")
    listed = birdwire.json("user", "stopped")
    assert {(each["name"], each["address"]) for each in listed} == {
        ("bob", "+15551234567"),
        ("bob", "bob@x.example"),
        ("eve", "eve@x.example"),
    }
    assert "complaint (abuse)" in birdwire.done("user", "stopped")
    assert "name it" in birdwire.refused("user", "resume", "eve")
    assert "eve@x.example is used again." in birdwire.done("user", "resume", "eve", "Eve@x.example")
    eve = birdwire.json("user", "show", "eve")
    assert (eve["stopped"], eve["email_mode"]) == ([], "instant")
    assert birdwire.done("user", "resume", "bob", "(555) 123-4567") == "+15551234567 is used again.\n"
    assert "is not stopped" in birdwire.refused("user", "resume", "bob", "(555) 123-4567")
    birdwire.done("user", "resume", "bob")
    assert birdwire.json("user", "stopped") == []
    assert "nothing of bob is stopped" in birdwire.refused("user", "resume", "bob")


def test_a_follow_stands_at_once_also_where_they_are_protected(birdwire):
    birdwire.done("user", "add", "alice", "--protected")
    birdwire.done("user", "add", "bob")
    birdwire.done("follow", "bob", "@Alice", "--via", "sms,email")
    assert birdwire.json("user", "show", "alice")["followers"] == ["bob"]
    assert birdwire.json("user", "show", "bob")["following"] == ["alice"]
    assert birdwire.json("follow", "export") == [{"follower": "bob", "followee": "alice", "via": "sms,email"}]


def test_follows_go_out_and_come_back_the_same(birdwire):
    for name in ("alice", "bob", "carol", "dave", "import"):
        birdwire.done("user", "add", name)
    for follower, via in (("bob", ""), ("carol", "sms"), ("dave", "none"), ("import", "sms,auto")):
        birdwire.done("follow", "add", follower, "alice", "--via", via)
    before = birdwire.done("follow", "export")
    rows = list(csv.DictReader(io.StringIO(before)))
    assert [row["via"] for row in rows] == ["", "sms", "none", "sms,auto"]
    file = birdwire.folder / "follows.csv"
    file.write_text(before + "\n@Alice, BOB ,\n")
    assert "5 follows stand" in birdwire.done("follow", "import", str(file))
    assert birdwire.done("follow", "export") == before + "alice,bob,\n"


@pytest.mark.parametrize("way", ["add", "import"])
def test_an_operators_follow_leaves_what_somebody_unsubscribed_from(birdwire, way):
    for name in ("alice", "bob", "carol"):
        birdwire.done("user", "add", name, "--email", f"{name}@mail.example")

    async def unsubscribe() -> None:
        store = Store(birdwire.url)
        async with store.unit() as unit:
            for name in ("bob", "carol"):
                reader, author = await accounts.by_name(unit, name), await accounts.by_name(unit, "alice")
                assert reader is not None
                assert author is not None
                await refusals.refuse(unit, reader.id, author.id, now=datetime.now(UTC))
        await store.close()

    asyncio.run(unsubscribe())
    if way == "import":
        file = birdwire.folder / "follows.csv"
        file.write_text("bob,alice,\ncarol,alice,email\nalice,bob,\n")
        birdwire.done("follow", "import", str(file))
    else:
        birdwire.done("follow", "bob", "alice")
        birdwire.done("follow", "carol", "alice", "--via", "email")
        birdwire.done("follow", "alice", "bob")
    via = {(row["follower"], row["followee"]): row["via"] for row in birdwire.json("follow", "export")}
    assert via == {("bob", "alice"): "none", ("carol", "alice"): "email", ("alice", "bob"): ""}


@pytest.mark.parametrize(
    ("written", "via"),
    [
        ("Follower,Followee,Via\nAlice,@bob,SMS\n", "sms"),
        ("follower;followee;via\r\nalice;bob;sms\r\n", "sms"),
        ("alice;bob;sms,email\r\n", "sms,email"),
    ],
)
def test_a_file_of_follows_may_come_from_any_spreadsheet(birdwire, written, via):
    for name in ("alice", "bob"):
        birdwire.done("user", "add", name)
    file = birdwire.folder / "follows.csv"
    file.write_bytes(b"\xef\xbb\xbf" + written.encode())
    birdwire.done("follow", "import", str(file))
    assert birdwire.json("follow", "export") == [{"follower": "alice", "followee": "bob", "via": via}]


def test_an_import_with_a_bad_line_changes_nothing(birdwire):
    for name in ("alice", "bob"):
        birdwire.done("user", "add", name)
    file = birdwire.folder / "follows.csv"
    file.write_text("follower,followee,via\nalice,bob,sms\nalice,zed,\nbob,bob,\n")
    said = birdwire.refused("follow", "import", str(file))
    assert "line 3: nobody is called zed" in said
    assert "line 4: nobody follows themselves" in said
    for line in ("alice", "alice,bob,pigeon", "alice,bob,sms,email,more words"):
        file.write_text(line)
        assert "line 1: it must be follower,followee,via" in birdwire.refused("follow", "import", str(file))
    file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in birdwire.refused("follow", "import", str(file))
    assert birdwire.json("follow", "export") == []


@pytest.mark.parametrize("text", ["pigeon", "sms,pigeon", "email,none", "auto,none", "email auto"])
def test_other_ways_than_the_channels_are_refused(text):
    with pytest.raises(ValueError, match=text):
        parse_via(text)


def test_somebody_gets_one_more_address_and_a_letter_with_the_posting_address(birdwire):
    birdwire.done("user", "add", "alice", "--phone", "+15550001001")
    birdwire.done("user", "add", "bob", "--email", "bob@example.com")
    shown = birdwire.json("user", "address", "alice", "--email", "alice@example.com")
    assert (shown["phones"], shown["emails"]) == (["+15550001001"], ["alice@example.com"])
    (row,) = birdwire.json("queue", "list", "--state", "queued")
    assert (row["recipient"], row["channel"]) == ("alice", "email")
    assert "belongs to bob" in birdwire.refused("user", "address", "alice", "--email", "bob@example.com")
    assert "--phone or --email" in birdwire.run("user", "address", "alice", code=2).stderr


def test_somebody_gets_a_code_to_claim_a_phone_with(birdwire):
    birdwire.done("user", "add", "alice", "--phone", "+15550001001")
    made = birdwire.json("user", "claim", "@Alice")
    assert (made["name"], made["minutes"]) == ("alice", 10)
    assert len(made["code"]) == 8
    printed = birdwire.done("user", "claim", "alice", BIRDWIRE_LIMITS__CODE_MINUTES="30")
    assert "Within 30 minutes alice texts" in printed
    code = printed.rsplit("CLAIM ", 1)[1].strip()
    assert code.isdecimal()

    async def claim(texted: str) -> object:
        store, now = Store(birdwire.url), datetime.now(UTC)
        async with store.unit() as unit:
            phone = await addresses.find_or_add(unit, "sms", "+15550001002", now=now)
            site = Site("x", "https://x.example", "x.example", await identity.key(unit, ""))
            claimed = await joining.claim(unit, site, phone, texted, words="CLAIM", now=now)
        await store.close()
        return claimed

    assert isinstance(asyncio.run(claim(made["code"])), joining.NoSuchCode)
    assert isinstance(asyncio.run(claim(code)), joining.Claimed)
    assert birdwire.json("user", "show", "alice")["phones"] == ["+15550001002", "+15550001001"]
    assert "nobody" in birdwire.refused("user", "claim", "bob")


def test_a_post_is_published_and_its_page_printed(birdwire):
    birdwire.done("user", "add", "alice")
    posted = birdwire.json("post", "alice", "hello #birds")
    assert posted["urls"] == [f"http://127.0.0.1:8140/@alice/{posted['ids'][0]}"]
    assert "less than a minute ago" in birdwire.refused("post", "alice", "hello #birds")
    assert birdwire.json("user", "show", "alice")["posts"] == 1


def test_posts_are_scheduled_listed_and_dropped(birdwire):
    birdwire.done("user", "add", "alice")
    assert "Scheduled as" in birdwire.done("post", "alice", "later", "--at", "+2h")
    every = birdwire.json("post", "alice", "tip of the day", "--every", "0 8 * * mon-fri")
    rows = birdwire.json("schedule", "list")
    assert {(row["text"], row["cron"]) for row in rows} == {("later", ""), ("tip of the day", "0 8 * * mon-fri")}
    birdwire.done("schedule", "drop", str(every["id"]))
    assert "tip of the day" not in birdwire.done("schedule", "list")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("+90m", "2026-03-01T13:30+00:00"),
        ("2026-03-02 08:00", "2026-03-02T07:00+00:00"),
        ("2026-03-02T08:00Z", "2026-03-02T08:00+00:00"),
        ("2026-07-01 08:00", "2026-07-01T06:00+00:00"),
        ("14:00", "2026-03-01T13:00+00:00"),
        ("8:00", "2026-03-02T07:00+00:00"),
    ],
)
def test_a_time_is_one_of_the_author_s_clock(text, moment):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert parse_when(text, ZoneInfo("Europe/Berlin"), now) == datetime.fromisoformat(moment)


def test_the_queue_is_seen_held_and_released(birdwire):
    birdwire.done("user", "add", "alice")
    birdwire.done("user", "add", "bob", "--email", "bob@example.com")
    birdwire.done("follow", "bob", "alice")
    assert birdwire.json("queue", "status") == {"held_since": None, "deliveries": [], "stopped_senders": []}
    assert "is held" in birdwire.done("queue", "hold")
    assert "held already" in birdwire.done("queue", "hold")
    assert birdwire.json("queue", "status")["held_since"]
    assert "until birdwire queue release" in birdwire.done("queue", "status")
    assert "released" in birdwire.done("queue", "release")
    assert "was not held" in birdwire.done("queue", "release")
    assert birdwire.json("queue", "list") == []
    assert "0 queued again" in birdwire.done("queue", "retry", "--all")
    assert "0 queued again" in birdwire.done("queue", "retry")


def test_a_sender_that_is_stopped_is_seen_with_its_reason_and_let_go(birdwire):
    async def stop() -> None:
        store = Store(birdwire.url)
        async with store.unit() as unit:
            _, sms = await routes.ensure(unit, ["+15550009999"])
            reason = provider_codes.reason(30034)
            await alerts.refused(unit, sms.id, Halt(30034, 1), reason, now=datetime(2026, 11, 23, 12, tzinfo=UTC))
        await store.close()

    asyncio.run(stop())
    said = birdwire.done("queue", "status")
    assert "+15550009999 is stopped since 2026-11-23 12:00 UTC: the number is not registered" in said
    assert "(30034)" in said
    (stopped,) = birdwire.json("queue", "status")["stopped_senders"]
    assert (stopped["sender"], stopped["code"]) == ("+15550009999", 30034)
    assert "+15550009999 is tried again" in birdwire.done("queue", "release")
    assert birdwire.json("queue", "status")["stopped_senders"] == []
    assert "was not held" in birdwire.done("queue", "release")


def test_what_waits_is_dropped_and_tried_again(birdwire):
    birdwire.done("user", "add", "alice")
    birdwire.done("user", "add", "bob", "--email", "bob@example.com")
    birdwire.done("follow", "bob", "alice")
    birdwire.done("post", "alice", "@bob hello")
    (row,) = birdwire.json("queue", "list", "--state", "queued")
    assert (row["recipient"], row["channel"], row["state"]) == ("bob", "email", "queued")
    assert "1 dropped" in birdwire.done("queue", "drop", str(row["id"]))
    (row,) = birdwire.json("queue", "list", "--state", "dead")
    assert row["reason"] == "dropped by the operator"
    assert "1 queued again" in birdwire.done("queue", "retry", "--all")
    assert birdwire.json("queue", "status")["deliveries"][0]["state"] == "queued"
    assert "bob" in birdwire.done("queue", "list")


def test_groups_are_added_and_listed(birdwire):
    assert birdwire.done("group", "add", "!Team") == "!team can be joined now\n"
    assert "there is a group team already" in birdwire.refused("group", "add", "team")
    assert "1 to 15 letters" in birdwire.refused("group", "add", "no way")
    [team] = birdwire.json("group", "list")
    assert (team["name"], team["members"]) == ("team", 0)
    assert "team" in birdwire.done("group", "list")


def test_reports_are_listed_and_closed(birdwire):
    for name in ("alice", "bob"):
        birdwire.done("user", "add", name, "--email", f"{name}@mail.example")

    async def report() -> None:
        store = Store(birdwire.url)
        async with store.unit() as unit:
            alice, bob = [await accounts.by_name(unit, name) for name in ("alice", "bob")]
            await reports.add(unit, alice.id, bob.id, "he sells", post_id=None, now=datetime.now(UTC))
        await store.close()

    asyncio.run(report())
    [row] = birdwire.json("reports", "list")
    assert (row["about"], row["reporter"], row["words"], row["closed_at"]) == ("bob", "alice", "he sells", None)
    assert "he sells" in birdwire.done("reports", "list")
    assert birdwire.done("reports", "close", str(row["id"])) == "1 closed\n"
    assert "none of these is open" in birdwire.refused("reports", "close", str(row["id"]))
    assert birdwire.json("reports", "list") == []
    assert len(birdwire.json("reports", "list", "--all")) == 1


def test_a_fresh_sqlite_database_is_made_when_it_is_first_used(fresh):
    assert "empty" in fresh.run("db", "status", code=1).stdout
    fresh.done("user", "add", "alice")
    assert fresh.json("db", "status")["current"]
    assert "already" in fresh.done("db", "upgrade")


def test_an_empty_database_is_upgraded(fresh):
    assert "from an empty database to" in fresh.done("db", "upgrade")


def test_a_postgresql_database_is_never_upgraded_in_passing(postgres_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    birdwire = Birdwire(f"postgresql://postgres@/postgres?host={postgres_folder}", tmp_path)
    assert "run birdwire db upgrade" in birdwire.refused("user", "list")


@pytest.mark.parametrize("command", [["user", "list"], ["db", "status"], ["db", "upgrade"]])
def test_a_database_that_does_not_answer_is_told_in_words(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    birdwire = Birdwire(f"postgresql://u:hush@/db?host={tmp_path}", tmp_path)
    said = birdwire.refused(*command)
    assert said.startswith("birdwire: the database can't be used: ")
    assert "hush" not in said


def test_a_bad_configuration_is_refused_with_every_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("[site]\nnaem = 'x'\n[web]\nport = 'y'")
    result = CliRunner().invoke(main, ["user", "list"], env={"BIRDWIRE_CONFIG": ""})
    assert result.exit_code == 1
    assert "site.naem is not a key, did you mean name?" in result.stderr
    assert 'web.port = "y" is not allowed' in result.stderr


def test_the_configuration_is_found_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("config", "named", "given"):
        (tmp_path / f"{name}.toml").write_text(f"[store]\nurl = 'sqlite:///{name}.db'")
    for arguments, environment in (
        (["user", "list"], {"BIRDWIRE_CONFIG": ""}),
        (["user", "list"], {"BIRDWIRE_CONFIG": "named.toml"}),
        (["user", "list", "-c", "given.toml"], {"BIRDWIRE_CONFIG": "named.toml"}),
    ):
        assert CliRunner().invoke(main, arguments, env=environment).exit_code == 0
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["config.db", "given.db", "named.db"]


def test_the_ledger_of_consent_is_written_to_a_file_or_the_screen(birdwire):
    birdwire.done("user", "add", "alice", "--phone", "+15551234567", "--email", "Alice@mail.example")
    birdwire.done("user", "add", "bob", "--phone", "+15551234568")
    assert birdwire.done("consents", "export", "all.csv") == "3 entries written to all.csv.\n"
    with (birdwire.folder / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["address"], row["action"], row["how"]) for row in rows] == [
        ("+15551234567", "given", "operator"),
        ("alice@mail.example", "given", "operator"),
        ("+15551234568", "given", "operator"),
    ]
    assert all(datetime.fromisoformat(row["at"]).tzinfo is not None for row in rows)
    for option, value, address in (
        ("--phone", "(555) 123-4568", "+15551234568"),
        ("--email", "ALICE@mail.example", "alice@mail.example"),
    ):
        found = list(csv.DictReader(io.StringIO(birdwire.done("consents", "export", option, value, "-"))))
        assert [row["address"] for row in found] == [address]
    assert birdwire.done("consents", "export", "--phone", "+15550000000", "-").strip() == "at,address,action,how,words"
    assert "not both" in birdwire.misused("consents", "export", "--phone", "1", "--email", "a", "-")


def audit_of(birdwire) -> list[list[str]]:
    """What stands in the audit log: act, about and words of each entry."""
    rows = list(csv.DictReader(io.StringIO(birdwire.done("audit", "export", "-"))))
    assert {row["door"] for row in rows} <= {"cli"}
    assert len({row["who"] for row in rows}) <= 1
    assert all(datetime.fromisoformat(row["at"]).tzinfo is not None for row in rows)
    return [[row["act"], row["about"], row["words"]] for row in rows]


def test_what_is_done_about_people_stands_in_the_audit_log(birdwire, monkeypatch):
    monkeypatch.setenv("LOGNAME", "otto")
    birdwire.done("user", "add", "alice", "--admin")
    birdwire.done("user", "add", "bob", "--phone", "+15551234567")
    birdwire.done("user", "address", "bob", "--email", "bob@mail.example")
    birdwire.done("user", "claim", "bob")
    birdwire.done("user", "renew", "bob", "--posting", "--replies")
    birdwire.done("user", "guard", "bob", "on")
    birdwire.done("user", "suspend", "bob")
    birdwire.refused("user", "suspend", "bob")
    birdwire.done("user", "restore", "bob")
    birdwire.refused("user", "restore", "bob")
    birdwire.done("follow", "bob", "alice")
    file = birdwire.folder / "follows.csv"
    file.write_text("follower,followee,via\nalice,bob,\n")
    birdwire.done("follow", "import", str(file))
    birdwire.done("post", "alice", "hello")
    later = birdwire.json("post", "alice", "later", "--at", "+2h")["id"]
    birdwire.done("schedule", "drop", str(later))
    birdwire.done("group", "add", "team")
    birdwire.refused("group", "add", "team")
    birdwire.done("user", "delete", "bob")
    birdwire.refused("user", "delete", "bob")
    assert audit_of(birdwire) == [
        ["member.add", "alice", "as an administrator"],
        ["member.add", "bob", ""],
        ["member.address", "bob", "mailbox"],
        ["member.claim", "bob", ""],
        ["member.renew", "bob", "posting and replies"],
        ["member.guard", "bob", "on"],
        ["member.suspend", "bob", ""],
        ["member.restore", "bob", ""],
        ["follow.add", "bob", "follows alice"],
        ["follow.import", "", "1"],
        ["member.post", "alice", "1"],
        ["member.post", "alice", f"schedule {later}"],
        ["schedule.drop", "alice", f"schedule {later}"],
        ["group.add", "!team", ""],
        ["member.delete", "bob", ""],
    ]
    assert birdwire.done("audit", "export", "log.csv") == "15 entries written to log.csv.\n"
    assert ",cli,otto,member.add,alice," in (birdwire.folder / "log.csv").read_text()


def test_who_became_somebody_else_to_do_it_is_named(birdwire, monkeypatch):
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "otto")
    birdwire.done("user", "add", "alice")
    assert ",otto as root," in birdwire.done("audit", "export", "-")


def test_the_hand_on_the_queue_stands_in_the_audit_log(birdwire):
    birdwire.done("user", "add", "alice")
    birdwire.done("user", "add", "bob", "--email", "bob@example.com")
    birdwire.done("follow", "bob", "alice")
    birdwire.done("post", "alice", "@bob hello")
    (row,) = birdwire.json("queue", "list", "--state", "queued")
    birdwire.done("queue", "drop", str(row["id"]))
    birdwire.done("queue", "retry", "--all")
    birdwire.done("queue", "hold")
    birdwire.done("queue", "hold")
    birdwire.done("queue", "release")
    birdwire.done("queue", "release")
    acts = [entry for entry in audit_of(birdwire) if entry[0].startswith("queue")]
    one = f"1: {row['id']}"
    assert acts == [
        ["queue.drop", "", one],
        ["queue.retry", "", one],
        ["queue.hold", "", ""],
        ["queue.release", "", ""],
    ]


def test_somebody_looks_after_the_site_and_no_longer_and_somebody_always_does(birdwire):
    for name in ("alice", "bob"):
        birdwire.done("user", "add", name)
    birdwire.done("user", "admin", "alice")
    assert "already" in birdwire.refused("user", "admin", "alice")
    assert "only administrator" in birdwire.refused("user", "admin", "alice", "--off")
    birdwire.done("user", "admin", "bob")
    assert "no longer" in birdwire.done("user", "admin", "alice", "--off")
    assert "not an administrator" in birdwire.refused("user", "admin", "alice", "--off")
    assert birdwire.json("user", "show", "bob")["admin"]
    acts = [entry[:2] for entry in audit_of(birdwire) if entry[0] != "member.add"]
    assert acts == [["member.admin", "alice"], ["member.admin", "bob"], ["member.no-admin", "alice"]]


def test_invitations_are_made_listed_and_revoked(birdwire):
    made = birdwire.json("invite", "add", "--for", "the new class", "--uses", "30", "--days", "3")
    assert made["link"] == f"http://127.0.0.1:8140/signup?invite={made['code']}"
    printed = birdwire.run("invite", "add")
    assert "/signup?invite=" in printed.stdout
    assert "takes no invitation here" in printed.stderr
    assert "takes no invitation" not in birdwire.run("invite", "add", BIRDWIRE_SITE__REGISTRATION="invite").stderr
    [_, _, first] = birdwire.json("invite", "list")
    assert (first["note"], first["uses_left"], first["made_by"]) == ("the new class", 30, None)
    assert made["code"] not in birdwire.done("invite", "list", "--json")
    assert "the new class" in birdwire.done("invite", "list")
    assert birdwire.done("invite", "revoke", str(made["id"])) == "1 revoked\n"
    assert "no such invitations" in birdwire.refused("invite", "revoke", str(made["id"]))
    assert len(birdwire.json("invite", "list")) == 2
    assert len(birdwire.json("invite", "list", "--all")) == 3
    for wrong in (("--uses", "0"), ("--days", "366"), ("--uses", "10001")):
        assert "--uses is from 1" in birdwire.refused("invite", "add", *wrong)
    acts = [entry[:2] for entry in audit_of(birdwire)]
    assert acts == [["invite.add", f"invitation {n}"] for n in (1, 2, 3)] + [["invite.revoke", "invitation 1"]]


def test_everybody_new_follows_whom_the_operator_says(birdwire):
    for name in ("rita", "old"):
        birdwire.done("user", "add", name)
    assert birdwire.json("follow", "default", "list") == []
    birdwire.done("follow", "default", "add", "@Rita", "--via", "sms,email")
    birdwire.done("follow", "default", "add", "old", "--via", "none")
    birdwire.done("follow", "default", "add", "old")
    assert birdwire.json("follow", "default", "list") == [
        {"name": "old", "via": ""},
        {"name": "rita", "via": "sms,email"},
    ]
    assert "auto" in birdwire.done("follow", "default", "list")
    assert birdwire.json("user", "add", "alice")["following"] == ["rita", "old"]
    birdwire.done("follow", "default", "remove", "rita")
    assert "nobody follows rita by itself" in birdwire.refused("follow", "default", "remove", "rita")
    assert "nobody is called zed" in birdwire.refused("follow", "default", "add", "zed")
    assert birdwire.json("user", "add", "bob")["following"] == ["old"]
    assert birdwire.json("user", "show", "old")["following"] == []
    assert [row["via"] for row in birdwire.json("follow", "export")] == ["sms,email", "", ""]
    acts = [entry[:2] for entry in audit_of(birdwire) if entry[0].startswith("default")]
    assert acts == [
        ["default.add", "rita"],
        ["default.add", "old"],
        ["default.add", "old"],
        ["default.remove", "rita"],
    ]


def test_secret_mail_addresses_are_renewed(birdwire):
    before = birdwire.json("user", "add", "alice", "--email", "alice@example.org")
    after = birdwire.json("user", "renew", "alice", "--posting")
    assert after["posting_address"] != before["posting_address"]
    assert birdwire.json("user", "show", "alice")["posting_address"] == after["posting_address"]
    (notice,) = birdwire.json("queue", "list", "--state", "queued")
    assert notice["channel"] == "email"
    assert birdwire.json("user", "renew", "alice", "--replies")["posting_address"] == after["posting_address"]
    assert "--posting or --replies" in birdwire.misused("user", "renew", "alice")
    assert "nobody" in birdwire.refused("user", "renew", "zoe", "--posting")


def test_a_posting_address_asks_who_sends_once_it_is_told_to(birdwire):
    birdwire.done("user", "add", "alice", "--email", "alice@example.org")
    assert birdwire.json("user", "show", "alice")["checks_sender"] is False
    assert "own mailboxes alone" in birdwire.done("user", "guard", "alice", "on")
    assert birdwire.json("user", "show", "alice")["checks_sender"] is True
    assert "whoever knows them" in birdwire.done("user", "guard", "alice", "off")
    assert birdwire.json("user", "show", "alice")["checks_sender"] is False
    birdwire.done("user", "add", "bob", "--phone", "+15550001002")
    assert "no mailbox" in birdwire.refused("user", "guard", "bob", "on")
