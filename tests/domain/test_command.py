"""The grammar of commands: the whole message or nothing."""

import re
from datetime import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain import wish as c
from gateway.domain.command import parse, parse_mail
from gateway.domain.command_help import help_text, reference
from gateway.domain.command_table import CHAPTERS, TABLE
from gateway.domain.reaction import Seen
from gateway.domain.sms_text import is_gsm, segments
from gateway.domain.text import normalise
from gateway.domain.types import EmailMode
from gateway.domain.wish import Code, Empty, Post

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"

MEANS: list[tuple[str, c.Command]] = [
    ("STOP", c.Stop()),
    ("stop.", c.Stop()),
    ("Stop!", c.Stop()),
    (" stop all ", c.Stop()),
    ("“STOP”", c.Stop()),
    ("'Stop.'", c.Stop()),
    ("\u200bstop\u200b", c.Stop()),
    ("st\u00adop", c.Stop()),
    ("ＳＴＯＰ", c.Stop()),
    ("stop...", c.Stop()),
    ("opt-out", c.Stop()),
    ("unsubscribe", c.Stop()),
    ("yes", c.Start()),
    ("?", c.Help()),
    ("Help!", c.Help()),
    ("help d", c.Help("D")),
    ("info delete me", c.Help("DELETE ME")),
    ("join @Alice", c.Join("alice")),
    ("JOIN !Team", c.JoinGroup("team")),
    ("join us!", c.Join("us")),
    ("JOIN averyveryverylongname", c.Join("averyveryverylongname")),
    ("join Müller.", c.Join("Müller")),
    ("join @a-b", c.Join("@a-b")),
    ("join #lunch", c.Join("#lunch")),
    ("JOIN @Alice k7qm2-xrp4t.", c.JoinInvited("alice", "k7qm2-xrp4t")),
    ("join a-b  K7QM2XRP4T", c.JoinInvited("a-b", "k7qm2-xrp4t")),
    ("join alice k7qm2 xrp4t!", c.JoinInvited("alice", "k7qm2-xrp4t")),
    ("JOIN !a-b", c.JoinGroup("")),
    ("join !averyveryverylongname", c.JoinGroup("")),
    ("leave !a-b!", c.LeaveGroup("")),
    ("leave !!team", c.LeaveGroup("")),
    ("name a_1", c.Rename("a_1")),
    ("NAME averyveryverylongname", c.Rename("averyveryverylongname")),
    ("name !bob", c.Rename("!bob")),
    ("name ?", c.Rename("?")),
    ("delete\n me", c.DeleteMe()),
    ("claim AB12", c.Claim("ab12")),
    ("CLAIM 4821 4821", c.Claim("48214821")),
    ("claim 48-21-48 21.", c.Claim("48214821")),
    ("CLAIM abcdef", c.Claim("")),
    ("claim victory!", c.Claim("")),
    ("CLAIM 123", c.Claim("")),
    ("CLAIM 1234 5678 9012 3456", c.Claim("")),
    ("pin 1234 GET bob", c.Pin("1234", "GET bob")),
    ("pin 1234", c.Pin("1234", "")),
    ("Pin off.", c.PinOff()),
    ("PIN 4821.", c.Pin("4821", "")),
    ("PIN 4821: hello", c.Pin("4821", "hello")),
    ("PIN 123", c.Pin("", "")),
    ("PIN 123456789", c.Pin("", "")),
    ("pin abc!", c.Pin("", "")),
    ("report @bob", c.Report("bob", "")),
    ("report bob: he spams", c.Report("bob", "he spams")),
    ("poll", c.PollResult()),
    ("Poll close!", c.PollClose()),
    ("groups", c.Groups()),
    ("more", c.More()),
    ("on", c.On()),
    ("On !", c.On()),
    ("off bob", c.OffName("bob")),
    ("OFF all.", c.Off()),
    ("on ALL", c.On()),
    ("off @all", c.OffName("all")),
    ("sleep 22-7", c.Sleep(time(22), time(7))),
    ("sleep 22:30 – 6:45.", c.Sleep(time(22, 30), time(6, 45))),
    ("sleep 10pm-7am", c.Sleep(time(22), time(7))),
    ("Sleep 10.30 PM to 12 a.m.", c.Sleep(time(22, 30), time(0))),
    ("sleep 12pm-1pm", c.Sleep(time(12), time(13))),
    ("sleep 22 until 7", c.Sleep(time(22), time(7))),
    ("sleep 8", c.SleepFor(8)),
    ("sleep off!", c.SleepOff()),
    ("sleep 100", c.SleepFor(100)),
    ("sleep 0", c.SleepFor(0)),
    ("sleep 25-7", c.SleepFor(0)),
    ("sleep 22:60 to 7", c.SleepFor(0)),
    ("sleep 13pm-7am", c.SleepFor(0)),
    ("sleep 0am-7am", c.SleepFor(0)),
    ("email on", c.Email(EmailMode.INSTANT)),
    ("email off.", c.Email(EmailMode.OFF)),
    ("email hourly", c.EmailDigest(EmailMode.HOURLY)),
    ("EMAIL DAILY!", c.EmailDigest(EmailMode.DAILY)),
    ("email daily 18", c.EmailDigest(EmailMode.DAILY, 18)),
    ("email daily at 6 p.m.", c.EmailDigest(EmailMode.DAILY, 18)),
    ("email daily 00:00", c.EmailDigest(EmailMode.DAILY, 0)),
    ("email daily 25", c.EmailDigest(EmailMode.DAILY, 24)),
    ("email daily 7:30", c.EmailDigest(EmailMode.DAILY, 24)),
    ("f  @bob .", c.Follow("bob")),
    ("FOLLOW\u00a0bob", c.Follow("bob")),
    ("get milk", c.Get("milk")),
    ("follow #Straße", c.FollowTag("strasse")),
    ("l #lunch!", c.LeaveTag("lunch")),
    ("leave !team", c.LeaveGroup("team")),
    ("accept all", c.Accept(None)),
    ("accept @all", c.Accept("all")),
    ("deny bob", c.Deny("bob")),
    ("D bob  see\n you! ", c.Direct("bob", "see\n you!")),
    ("dm @Bob, hi", c.Direct("bob", "hi")),
    ("m bob: hi", c.Direct("bob", "hi")),
    ("D: bob hi", c.Direct("bob", "hi")),
    ("d:bob hi", c.Direct("bob", "hi")),
    ("DM; @bob: hi", c.Direct("bob", "hi")),
    ("D. bob hi", c.Direct("bob", "hi")),
    ("D@bob hi", c.Direct("bob", "hi")),
    ("m@bob hi", c.Direct("bob", "hi")),
    ("M: bob hi", c.Direct("bob", "hi")),
    ("D bob; hi", c.Direct("bob", "hi")),
    ("D bob. hi", c.Direct("bob", "hi")),
    ("D bob,hi", c.Direct("bob", "hi")),
    ("D bob:hi", c.Direct("bob", "hi")),
    ("m bob:hi", c.Direct("bob", "hi")),
    ("D\n\nbob\nhi", c.Direct("bob", "hi")),
    ("D José hi", c.Direct("josé", "hi")),
    ("D: josé: hi", c.Direct("josé:", "hi")),
    ("D bob's bag is here", c.Direct("bob's", "bag is here")),
    ("DM abcdefghijklmnopq hi", c.Direct("abcdefghijklmnopq", "hi")),
    ("d @josé", c.Direct("josé", "")),
    ("D @ hi", c.Direct("@", "hi")),
    ("dm - hi", c.Direct("-", "hi")),
    ("M is for mother", c.Direct("is", "for mother")),
    ("D bob", c.Direct("bob", "")),
    ("D bob.", c.Direct("bob", "")),
    ("R", c.Reply(None, "", "")),
    ("r ok!", c.Reply(None, "ok!", "ok!")),
    ("R bob  yes", c.Reply("bob", "yes", "bob  yes")),
    ("R @bob", c.Reply("bob", "", "@bob")),
    ("R – no", c.Reply(None, "– no", "– no")),
    ("RT", c.Repost(None)),
    ("rt @bob", c.Repost("bob")),
    ("fav.", c.Favourite(None)),
    ("POST get milk", c.PostThis("get milk")),
    ("post STOP.", c.PostThis("STOP.")),
    ("y", c.Yes()),
    ("Y.", c.Yes()),
    ("search lost  keys", c.Search("lost  keys")),
    ("track WiFi", c.Track("wifi")),
    ("untrack ALL", c.Untrack(None)),
    ("poll Lunch?/pizza/soup", c.Poll("Lunch?", ("pizza", "soup"))),
    ("vote 2!", c.Vote(2)),
    ("vote 0", c.Vote(0)),
    ("VOTE 10", c.Vote(10)),
    (f"VOTE {'9' * 5_000}", c.Vote(999_999_999)),
    ("!TEAM: hi", c.GroupText("team", "hi")),
    ("!team, hi", c.GroupText("team", "hi")),
    ("!Team hello there", c.GroupText("team", "hello there")),
    ("123456", c.Code("123456")),
    ("1234.", c.Code("1234")),
    ("Help?", c.Help()),
    ("??", c.Help()),
    ("unmute @Bob!", c.Unmute("bob")),
    ("STOP it", c.StopName("it")),
    ("Unsubscribe @Bob.", c.StopName("bob")),
    ("STOP #Lunch!", c.StopKey("#lunch")),
    ("unsubscribe !Team", c.StopKey("!team")),
    ("off #Lunch", c.OffKey("#lunch")),
    ("ON !Team.", c.OnKey("!team")),
    ("Unfollow !team", c.LeaveGroup("team")),
    ("l !team", c.LeaveGroup("team")),
    ("n", c.No()),
    ("No.", c.No()),
    ("2", c.Choice(2)),
    ("9!", c.Choice(9)),
    ("sleep 8h", c.SleepFor(8)),
    ("sleep for 8 hours.", c.SleepFor(8)),
    ("Invite +1 (555) 123-4567", c.Invite()),
    ("invite 015112345678", c.Invite()),
    ("EMAIL bob@mail.example", c.MailAddress()),
    ("R: yes", c.Reply(None, "yes", "yes")),
    ("reply:@bob yes", c.Reply("bob", "yes", "@bob yes")),
    ('"D bob hi"', c.Direct("bob", "hi")),
    ("“dm bob: hi”", c.Direct("bob", "hi")),
    ("'D: bob hi'", c.Direct("bob", "hi")),
    ("D.bob hi", c.Direct("bob", "hi")),
    ("D/bob hi", c.Direct("bob", "hi")),
    ("dm.bob hi", c.Direct("bob", "hi")),
    ("D.. bob hi", c.Direct("bob", "hi")),
    ("Liked “bob: hello”", c.React(Seen(True, "bob: hello", "bob", "hello"))),
    ('Loved "D Bob: hel…"', c.React(Seen(True, "D Bob: hel…", "bob", "hel", direct=True))),
    ("Laughed at “bob: hello”", c.React(Seen(False, "bob: hello", "bob", "hello"))),
    ("Reacted ❤️ to “bob: hello”", c.React(Seen(True, "bob: hello", "bob", "hello"))),
    ("\u200b👍\u200b to “bob: a\nb”", c.React(Seen(True, "bob: a\nb", "bob", "a\nb"))),
    ("Removed a like from “bob: hello”", c.React(Seen(False, "bob: hello", "bob", "hello"))),
    ("Liked “Posted.”", c.React(Seen(True, "Posted.", None, "Posted."))),
    ("", Empty()),
    (" \r\n\t\x00\ud800", Empty()),
    ("\u200d\ufe0f\u2800\u3164", Empty()),
]

POSTS = [
    "follow me home",
    "on my way",
    "get",
    "follow",
    "get milk and eggs",
    "get abcdefghijklmnopq",
    "get müller",
    "get b@b",
    "stop?",
    "help me",
    "help me please",
    "join us tomorrow",
    "join",
    "join!",
    "join !",
    "join !!",
    "join !team tonight",
    "join ! team",
    "leave !",
    "leave averyveryverylongname",
    "name the dog",
    "name !",
    "claim your seat",
    "claim 20 euros",
    "pin the tail",
    "d",
    "D",
    "D.",
    "D:",
    "dm",
    "d'accord, see you",
    "D-day is near",
    "D.C. is hot",
    ":D bob",
    "Dm7 is a chord",
    "M",
    "M.",
    "M josé hi",
    "m&m for all",
    "m/f",
    "M abcdefghijklmnopq hi",
    "RT @bob: old news",
    "accept all of it",
    "sleep well tonight",
    "email me",
    "vote for bob",
    "poll Lunch? / pizza",
    "poll a / / b",
    "untrack",
    "track two words",
    "!wow",
    "!",
    "! hello",
    ".",
    "post",
    "123",
    "123456789",
    "١٢٣٤",
    "on..",
    "get ſam",
    "delete them",
    "no way",
    "STOP bob now",
    "stop, bob",
    "STOP\nbob",
    "N N",
    "0",
    "12",
    "sleep 8 people",
    "invite mom",
    "invite 5 friends",
    "email bob",
    "email @bob",
    "Re: lunch",
    "R.E.M. is on",
    "m.example.org is down",
    "M.Tech done!",
    "M/hour is no speed",
    '"m: josé"',
    "'D'",
    '"',
    '""',
    "Liked it",
    "“bob: hello”",
    "he said “no”",
    "stop #racism and #hate",
    "stop # now",
    "off #1",
    "what I said this morning to bob was “bob: hello”",
]


@pytest.mark.parametrize(("text", "meaning"), MEANS, ids=[ascii(text) for text, _ in MEANS])
def test_what_fits_a_form_means_that_command(text, meaning):
    assert parse(text) == meaning


OF_PHONES = [
    ("Gefällt: „bob: hello“", True),
    ("Gefällt nicht: „bob: hello“", False),
    ("„bob: hello“ ein Herz hinzugefügt", True),
    ("„D bob: hello“ ein Herz hinzugefügt", True),
    ("„bob: hello“ ein Fragezeichen hinzugefügt", False),
    ("„Gefällt mir“ von „bob: hello“ entfernt", False),
    ("„Gefällt mir nicht“ von „bob: hello“ entfernt", False),
    ("Herz von „bob: hello“ entfernt", False),
    ("Hat mit 👍 auf „bob: hello“ reagiert", True),
    ("Hat mit 🎉 auf „bob: hello“ reagiert", False),
    ("🎉 aus „bob: hello“ entfernt", False),
    ("Likte “bob: hello”", True),
    ("Satte et hjerte ved “bob: hello”", True),
    ("Satte utropstegn ved “bob: hello”", False),
    ("Liker ikke lenger “bob: hello”", False),
    ("Reagerte med ❤️ på “bob: hello”", True),
    ("Le gusta “bob: hello”", True),
    ("Le encanta «bob: hello»", True),
    ("A réagi avec 👍 à « bob: hello »", True),
    ("A réagi avec 🎉 à “bob: hello”", False),
    ("A retiré 👍 de “bob: hello”", False),
    ("\u200a\u200b👍\u200b to “\u200abob: hello\u200a”\u200a", True),
    ("\u200aRemoved \u200c👍\u200c from “\u200abob: hello\u200a”\u200a", False),
    ("Polubił “bob: hello”", None),
    ("Vindt “bob: hello” leuk", None),
    ('\u200aРеакция \u200b👍\u200b на "\u200abob: hello\u200a"\u200a', None),
    ("I liked “bob: hello”", None),
    ("Liked “bob: hello” a lot", None),
    ("back to “bob: hello”", None),
]


@pytest.mark.parametrize(("text", "likes"), OF_PHONES)
def test_what_a_phone_may_write_around_a_quotation_is_read_in_many_languages(text: str, likes: bool | None) -> None:
    """Where it is not known whether it likes the text, what is quoted decides whether it is a reaction at all."""
    command = parse(text)
    assert isinstance(command, c.React)
    assert (command.to.name, command.to.words) == ("bob", "hello")
    assert (command.to.likes, command.to.sure) == (likes is True, likes is not None)


@pytest.mark.parametrize("text", ["D bob it is “hello you”", "R “hello you” to you", "POST so “hello you”"])
def test_a_command_with_a_quotation_is_no_reaction(text: str) -> None:
    assert not isinstance(parse(text), c.React)


@pytest.mark.parametrize("text", POSTS)
def test_what_fits_no_form_as_a_whole_is_a_post(text):
    assert parse(text) == Post(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("FOLLOW bob", c.Follow("bob")),
        ("FOLLOW bob\r\n\r\nKind regards\r\nAlice", c.Follow("bob")),
        ("unsubscribe\n \n\nAlice", c.Stop()),
        ("D bob see you\n\nat eight", c.Direct("bob", "see you\n\nat eight")),
        ("POST Help\n\nwe are stuck", c.PostThis("Help\n\nwe are stuck")),
        ("Yes\n\nI think so too.", Post("Yes\n\nI think so too.")),
        ("Get bob\nto the station", Post("Get bob\nto the station")),
        ("1234\n\nis a number", Post("1234\n\nis a number")),
        ("Hello there\n\nSTOP", Post("Hello there\n\nSTOP")),
        ("No", Post("No")),
        ("2", Post("2")),
        ("Stop it", Post("Stop it")),
        ("Stop #lunch", Post("Stop #lunch")),
        ("Stop bob\n\nhe is too loud", Post("Stop bob\n\nhe is too loud")),
        ("No\n\nI think not.", Post("No\n\nI think not.")),
        ("Liked “bob: hello”", Post("Liked “bob: hello”")),
        ("", Empty()),
    ],
)
def test_in_a_mail_a_first_line_of_its_own_may_be_a_command(text, meaning):
    assert parse_mail(text) == meaning


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.form)
def test_the_example_of_each_row_fits_that_row_and_no_other(row):
    command = parse(row.example)
    assert not isinstance(command, Post | Empty | Code)
    others = [r for r in TABLE if r is not row and r.words[0] in (row.words[0], "!group")]
    assert all(type(parse(other.example)) is not type(command) or row.words[0] == "HELP" for other in others)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.form)
def test_every_word_of_a_row_means_the_same_in_any_case(row):
    _, *rest = row.example.split(maxsplit=1) if row.argument else (row.example,)
    for word in row.words:
        if word in ("!group", "DELETE ME"):
            continue
        for written in (word, word.lower(), word.title()):
            assert parse(" ".join([written, *rest])) == parse(row.example)


def test_every_command_that_can_be_written_has_a_row():
    loose = {Code, Empty, Post, c.No, c.Choice, c.StopName, c.StopKey, c.React}
    assert {type(parse(row.example)) for row in TABLE} | loose == set(members(c.Command))


def members(union: object) -> list[type]:
    return list(getattr(union, "__args__"))  # noqa: B009 - the type of a union has no typed way to its members


@given(st.text(st.characters(), max_size=300))
@example("\u0345" * 50 + "\u0300" * 50)
@example("D " + "\u0300bob")
def test_no_text_raises_and_a_post_keeps_the_text(text):
    match parse(text):
        case Post(words):
            assert words == normalise(text) != ""
        case Empty() | _:
            pass


WORDS = sorted({word for row in TABLE for word in row.words})


@given(
    st.sampled_from(WORDS), st.text(st.characters(), max_size=40), st.sampled_from(["", " ", "\n", " @", " #", " !"])
)
def test_no_text_after_a_command_word_raises(word, rest, between):
    parse(word + between + rest)


@given(
    st.sampled_from(TABLE), st.sampled_from(["home to the old house", "– and that's it, folks", "me, please & thanks"])
)
def test_a_command_about_names_with_more_words_behind_it_is_a_post(row, more):
    if row.argument in ("", "name", "#tag", "!group", "name | ALL", "[name]") and row.words[0] != "D":
        text = f"{row.example} {more}"
        assert parse(text) == Post(text)


@given(st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True), st.sampled_from(["", ".", "!", " ", " !"]))
def test_a_name_is_read_in_any_case_and_with_a_final_stop(name, end):
    assert parse(f"get {name}{end}") == parse(f"GET @{name.upper()}") == c.Get(name.lower())


@given(
    st.sampled_from(["JOIN ", "join @", "Name ", "CLAIM ", "JOIN !x", "leave !x"]),
    st.text(st.characters(), max_size=40)
    .map(lambda text: f"x{text}x")
    .filter(lambda word: len(normalise(word).split()) == 1),
    st.sampled_from(["", ".", " !"]),
)
def test_one_word_that_does_not_fit_is_answered_and_two_words_are_a_post(opening, word, end):
    command = parse(f"{opening}{word}{end}")
    assert isinstance(command, c.Join | c.Rename | c.Claim | c.JoinGroup | c.LeaveGroup)
    assert parse(f"{opening}{word} tonight") == Post(normalise(f"{opening}{word} tonight"))


@given(
    st.sampled_from(["D", "d", "DM", "Dm", "D:", "dm;", "D,", "D.", "D\n", "DM:\t"]),
    st.text(st.characters(), min_size=1).filter(lambda text: parse(text) != Empty()),
)
def test_nothing_that_begins_like_a_direct_message_is_a_post(opening, rest):
    assert isinstance(parse(f"{opening} {rest}"), c.Direct)


@given(st.text(st.characters(), min_size=1).filter(lambda text: parse(text) != Empty()))
def test_post_posts_whatever_follows_it(text):
    assert parse(f"POST {text}") == c.PostThis(normalise(f"POST {text}")[4:].lstrip())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "get " + " " * 100_000 + ".",
        "get " + "a " * 50_000,
        "claim " + "a" * 100_000,
        "poll " + "/" * 100_000,
        "!" * 100_000,
        "follow #" + "a" * 100_000,
        "follow " + "#a" * 50_000,
        "\u200b" * 100_000,
        "e" + "\u0301\u0316" * 50_000,
        "stop" + "\u0301\u0316" * 50_000,
        "get " + "!" * 100_000,
        "\ud800" * 100_000,
        "http://" * 15_000,
        "@" * 100_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_a_hundred_thousand_characters_are_read_at_once(text):
    for _ in range(5):
        parse(text)


def test_help_fits_one_segment_with_its_link_for_every_word():
    link = "https://birdwire.example.org/" + "x" * 31
    for topic in (None, "NOSUCH", *WORDS):
        words = help_text(topic, link)
        assert words.endswith(link)
        assert is_gsm(words)
        assert segments(words) == 1


def test_help_with_a_word_tells_what_it_does():
    assert "FOLLOW name" in help_text("SUB", "x.org")
    assert "EMAIL DAILY (hour) or HOURLY: posts in one mail" in help_text("EMAIL", "x.org")
    assert help_text("NOSUCH", "x.org") == help_text(None, "x.org")


def test_the_reference_is_what_the_table_prints():
    how = (
        "python -c \"from gateway.domain.command_help import reference; print(reference(), end='')\" > docs/commands.md"
    )
    assert DOCS.read_text(encoding="utf-8") == reference(), how


def test_every_form_of_the_table_stands_in_the_reference():
    page = reference().replace("\\|", "|")
    assert all(f"| `{row.form}` |" in page and row.help in page for rows in CHAPTERS.values() for row in rows)
    assert not re.search(r"[^\x00-\x7f…]", page)
