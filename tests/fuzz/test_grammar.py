"""Any text is understood, what was understood can be written again, and whole conversations keep their promises."""

import re
from collections import Counter
from itertools import count
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from gateway.domain import wish as c
from gateway.domain.command import parse, parse_mail
from gateway.domain.command_table import TABLE
from gateway.domain.invite import CODES, code_of
from gateway.domain.text import length, normalise
from gateway.domain.types import MAX_LENGTH, EmailMode, PostKind
from gateway.domain.wish import Command
from gateway.service.site import Site
from store import routes
from store.schema import posts
from store.unit import Store
from tests.fuzz.trying import bounded, repeated, tried
from tests.service.conversing import OTHER_NUMBER, OURS, Town

NAMES = st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True).filter(lambda name: name != "all")
WORDS = st.from_regex(r"[a-zäöü,;:?'☃]{1,12}( [a-z\n]{1,9}){0,4}", fullmatch=True).map(normalise).filter(bool)
TAGS = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
HOURS = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
BARE = st.sampled_from(
    [
        c.Stop,
        c.Start,
        c.SignOut,
        c.DeleteMe,
        c.Login,
        c.On,
        c.Off,
        c.SleepOff,
        c.Wake,
        c.Following,
        c.Followers,
        c.Requests,
        c.Protect,
        c.Public,
        c.Undo,
        c.Stats,
        c.Inbox,
        c.Tracks,
        c.Groups,
        c.More,
        c.PollResult,
        c.PollClose,
        c.PinOff,
        c.Invite,
        c.Yes,
        c.Help,
    ]
)
NAMED = st.sampled_from(
    [
        c.Join,
        c.Rename,
        c.OnName,
        c.OffName,
        c.Follow,
        c.Leave,
        c.Lose,
        c.Block,
        c.Unblock,
        c.Mute,
        c.Unmute,
        c.Get,
        c.Whois,
        c.Nudge,
        c.Accept,
        c.Deny,
        c.Repost,
        c.Favourite,
    ]
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    BARE.map(lambda kind: kind()),
    st.tuples(NAMED, NAMES).map(lambda made: made[0](made[1])),
    st.sampled_from(
        [c.Accept(None), c.Deny(None), c.Repost(None), c.Favourite(None), c.Untrack(None), c.Help("FOLLOW")]
    ),
    st.builds(c.Claim, st.from_regex(r"[0-9][0-9a-z]{3,11}", fullmatch=True)),
    st.builds(c.Pin, st.from_regex(r"[0-9]{4,8}", fullmatch=True), WORDS),
    st.builds(c.Sleep, HOURS, HOURS),
    st.builds(c.SleepFor, st.integers(1, 99)),
    st.builds(c.Email, st.sampled_from([EmailMode.INSTANT, EmailMode.OFF])),
    st.builds(c.EmailDigest, st.sampled_from([EmailMode.DAILY, EmailMode.HOURLY])),
    st.builds(c.FollowTag, TAGS),
    st.builds(c.LeaveTag, TAGS),
    *(st.builds(key, TAGS.map("#{}".format) | NAMES.map("!{}".format)) for key in (c.StopKey, c.OnKey, c.OffKey)),
    st.builds(c.Direct, NAMES, WORDS),
    st.tuples(NAMES, WORDS).map(lambda made: c.Reply(made[0], made[1], f"@{made[0]} {made[1]}")),
    st.builds(c.PostThis, WORDS),
    st.builds(c.Search, WORDS),
    st.builds(c.Track, TAGS.filter(lambda word: word != "all")),
    st.builds(c.Untrack, TAGS.filter(lambda word: word != "all")),
    st.builds(c.Poll, TAGS, st.lists(TAGS, min_size=2, max_size=9).map(tuple)),
    st.builds(c.Vote, st.integers(1, 9)),
    st.builds(c.Choice, st.integers(1, 9)),
    st.sampled_from([c.MailAddress(), c.No()]),
    st.builds(c.Report, NAMES, WORDS),
    st.builds(c.JoinInvited, NAMES, st.integers(0, CODES - 1).map(code_of)),
    st.builds(c.JoinGroup, NAMES),
    st.builds(c.LeaveGroup, NAMES),
    st.builds(c.GroupText, NAMES, WORDS),
)


def written(command: Command) -> str:
    """How somebody would text it."""
    match command:
        case c.Accept(name) | c.Deny(name):
            return f"{type(command).__name__} {'ALL' if name is None else name}"
        case c.Repost(name):
            return f"RT @{name}" if name else "RT"
        case c.Favourite(name):
            return f"FAV @{name}" if name else "FAV"
        case c.Rename(name):
            return f"NAME {name}"
        case c.OnName(name) | c.OffName(name):
            return f"{type(command).__name__.removesuffix('Name')} @{name}"
        case c.Help(topic):
            return f"HELP {topic or ''}"
        case c.DeleteMe():
            return "delete me"
        case c.SleepOff():
            return "sleep off"
        case c.PollResult():
            return "Poll"
        case c.PollClose():
            return "POLL close"
        case c.PinOff():
            return "PIN off"
        case c.Report(name, words):
            return f"REPORT {name} {words}"
        case c.Yes():
            return "y"
        case c.JoinInvited(name, code):
            return f"JOIN {name} {code}"
        case c.Claim(code):
            return f"CLAIM {code}"
        case c.Pin(pin, rest):
            return f"PIN {pin} {rest}"
        case c.Sleep(start, until):
            return f"SLEEP {start:%H:%M}-{until:%H:%M}"
        case c.SleepFor(number) | c.Vote(number):
            return f"{'VOTE' if isinstance(command, c.Vote) else 'SLEEP'} {number}"
        case c.Email(mode) | c.EmailDigest(mode):
            return f"EMAIL {'ON' if mode is EmailMode.INSTANT else mode}"
        case c.FollowTag(tag):
            return f"F #{tag}"
        case c.LeaveTag(tag):
            return f"UNSUB #{tag}"
        case c.Direct(name, text):
            return f"D {name} {text}"
        case c.Reply(name, text, _):
            return f"R @{name} {text}" if name else f"R {text}"
        case c.PostThis(text):
            return f"POST {text}"
        case c.Search(words):
            return f"SEARCH {words}"
        case c.Track(word) | c.Untrack(word):
            return f"{type(command).__name__} {word or 'ALL'}"
        case c.Poll(question, options):
            return " / ".join([f"POLL {question}", *options])
        case c.JoinGroup(group) | c.LeaveGroup(group):
            return f"{type(command).__name__.removesuffix('Group')} !{group}"
        case c.GroupText(group, text):
            return f"!{group} {text}"
        case c.MailAddress():
            return "EMAIL a@b.example"
        case c.StopName(name):
            return f"STOP {name}"
        case c.StopKey(key) | c.OnKey(key) | c.OffKey(key):
            return f"{type(command).__name__.removesuffix('Key')} {key}"
        case c.Choice(number):
            return str(number)
        case c.React(seen):
            return f"{'Liked' if seen.likes else 'Disliked'} “{seen.quoted}”"
        case c.Post(text) | c.Code(text):
            return text
        case c.Empty():
            return ""
        case _ if hasattr(command, "name"):
            return f"{type(command).__name__} {command.name}"
        case _:
            return type(command).__name__


@tried(400, 50_000)
@given(command=COMMANDS, end=st.sampled_from(["", " ", "\n", "\r\n\t"]), upper=st.booleans())
def test_what_was_understood_can_be_written_again(command: Command, end: str, upper: bool) -> None:
    words = written(command)
    assert parse(words + end) == command
    if upper and not hasattr(command, "text") and not isinstance(command, c.Pin | c.Search | c.Poll | c.Report):
        assert parse(words.upper() + end) == command


@tried(300, 50_000)
@given(
    text=st.text(max_size=400)
    | st.lists(
        st.sampled_from(["stop", "get", "@bob", "D", ":", "#", "!", "/", "1234", "\u200b", "́", "\n", "\u3000"]),
        max_size=9,
    ).map(" ".join)
)
def test_a_text_means_the_same_in_its_normal_form_and_around_white_space(text: str) -> None:
    with bounded():
        meant = parse(text)
        parse_mail(text)
    assert parse(normalise(text)) == parse(f"\n {text}\t") == meant
    if isinstance(meant, c.Post):
        again = parse(f"POST {text}")
        assert isinstance(again, c.PostThis)
        assert normalise(again.text) == meant.text
        assert length(meant.text) > 0


# ---- whole conversations

PEOPLE = ("alice", "bob", "carol", "dave")
"""Three have joined when a conversation begins, the last is a stranger."""

FORMS = st.sampled_from(TABLE).map(lambda row: row.example)
SAYINGS = st.one_of(
    FORMS,
    COMMANDS.map(written),
    st.tuples(
        st.sampled_from(
            [
                "FOLLOW",
                "LEAVE",
                "GET",
                "WHOIS",
                "ACCEPT",
                "DENY",
                "LOSE",
                "BLOCK",
                "UNBLOCK",
                "MUTE",
                "ON",
                "OFF",
                "RT",
                "FAV",
                "JOIN",
                "NAME",
                "R",
                "D",
            ]
        ),
        st.sampled_from(PEOPLE),
        st.sampled_from(["", "", " hello", " " + "long " * 40]),
    ).map(lambda said: f"{said[0]} {said[1]}{said[2]}"),
    st.sampled_from(
        ["Y", "YES", "4821", "UNDO", "PROTECT", "PUBLIC", "STOP", "START", "DELETE ME", "SIGNOUT", "R yes", "RT"]
    ),
    st.sampled_from(["JOIN bob-2", "JOIN !a-b", "LEAVE !a-b", "NAME averyveryverylongname", "CLAIM abcdef"]),
    st.sampled_from(["hello", "@alice hi", "hello @bob and @carol #tag", "get milk", "get nobody"]),
    st.text(max_size=200),
    repeated((b"word ", 40), (b"word ", 100), (b"@alice ", 60), (b"\xcc\x81", 300), (b"\xf0\x9f\x90\xa6", 150)).map(
        bytes.decode
    ),
)
MOST_SAID = 320
"""Characters of the longest answer: two segments."""

MAY_POST = (
    c.Post,
    c.PostThis,
    c.Reply,
    c.Yes,
    c.Start,
    c.Code,
    c.Poll,
    c.GroupText,
    c.Pin,
    c.No,
    c.Choice,
    c.StopName,
    c.StopKey,
    c.React,
)
"""What may make a public post; YES, a code and the like may answer something, or be plain words."""


class Crowds:
    """People of its own for each conversation, who share a clock and a house with all that came before."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store, self._site = store, site
        self._crowds, self._messages = count(), count()

    def next(self) -> tuple[Town, dict[str, str]]:
        """A town, and what each of the people is called there: four letters that nobody had before."""
        number = next(self._crowds)
        letters = "".join(ascii_lowercase[number // 26**place % 26] for place in range(3))
        return Town(self._store, self._site, _ids=self._messages), {name: name[0] + letters for name in PEOPLE}


@pytest.fixture
async def crowds(store: Store, site: Site) -> Crowds:
    async with store.unit() as unit:
        await routes.ensure(unit, [OTHER_NUMBER, OURS])
    return Crowds(store, site)


async def written_so_far(store: Store) -> Counter[str]:
    """How many posts of each kind there are."""
    async with store.reading() as reading:
        rows = await reading.execute(select(posts.c.kind, func.count()).group_by(posts.c.kind))
        return Counter(dict(rows.all()))


@tried(40, 4000)
@given(
    said=st.lists(st.tuples(st.sampled_from(PEOPLE), SAYINGS, st.booleans()), max_size=14),
)
async def test_any_conversation_is_answered_and_no_command_becomes_a_post(
    store: Store, crowds: Crowds, said: list[tuple[str, str, bool]]
) -> None:
    town, people = crowds.next()
    await town.join(*(people[name] for name in PEOPLE[:3]))
    await town.text(people["bob"], f"FOLLOW {people['alice']}")
    stopped: set[tuple[str, bool]] = set()
    for who, template, prefers_mail in said:
        by_mail = prefers_mail and who != "dave"
        words = re.sub("|".join(PEOPLE), lambda found: people[found[0]], template)
        before = await written_so_far(store)
        with bounded():
            if by_mail:
                answer, meant = await town.mail(people[who], words), parse_mail(words)
            else:
                answer, meant = await town.text(people[who], words), parse(words)
        made = await written_so_far(store) - before
        assert len(answer) <= MOST_SAID
        assert "\0" not in answer
        if not isinstance(meant, MAY_POST):
            assert made[PostKind.POST] == 0, (words, answer)
        assert made[PostKind.POST] <= 3
        assert made[PostKind.DIRECT] <= isinstance(meant, c.Direct | c.Reply) * 3, (words, answer)
        if isinstance(meant, c.Stop):
            stopped.add((who, by_mail))
        if isinstance(meant, c.Start):
            stopped.discard((who, by_mail))
        assert made or answer or (who, by_mail) in stopped, words
        async with store.reading() as reading:
            longest = await reading.execute(select(func.max(func.length(posts.c.text))))
            assert (longest.scalar_one() or 0) <= MAX_LENGTH
