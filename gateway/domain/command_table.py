"""How each wish is written: one table, from which the parser, HELP and the reference are made."""

from dataclasses import dataclass

from gateway.domain import argument as takes
from gateway.domain import wish as c
from gateway.domain.argument import Reader, without_end
from gateway.domain.speech import mark
from gateway.domain.types import EmailMode
from gateway.domain.wish import Command


@dataclass(frozen=True, slots=True)
class CommandForm:
    """One row of the table.

    ``words``     what a message begins with, in capitals: the word that help shows, then others that mean the same.
    ``argument``  how help writes what follows: small letters stand for something, brackets may be left out.
    ``read``      reads what follows; None when it does not fit.
    ``help``      what the command does, in one line.
    ``example``   a message that fits.
    ``keyword``   whether quotation marks and other ornaments around the message are overlooked too.
    """

    words: tuple[str, ...]
    argument: str
    read: Reader[Command]
    help: str
    example: str
    keyword: bool = False

    @property
    def form(self) -> str:
        """The form as help shows it, e.g. ``FOLLOW name``."""
        return f"{self.words[0]} {self.argument}".rstrip()


def _row(words: str, argument: str, read: Reader[Command], says: str, example: str, **flags: bool) -> CommandForm:
    return CommandForm(tuple(words.split(", ")), argument, read, says, example, **flags)


def _topic(rest: str) -> c.Help | None:
    topic = without_end(rest).upper()
    return c.Help(topic) if topic in _TOPICS else None


_ON_OFF: dict[str, Command] = {"ON": c.Email(EmailMode.INSTANT), "OFF": c.Email(EmailMode.OFF)}
_QUIET_OFF: dict[str, Command] = {"OFF": c.SleepOff()}
_HOURLY: dict[str, Command] = {"HOURLY": c.EmailDigest(EmailMode.HOURLY)}
_DIGEST: Reader[Command] = takes.either(
    takes.one_of(_HOURLY),
    takes.word_hour("DAILY", lambda hour: c.EmailDigest(EmailMode.DAILY, hour), c.EmailDigest(EmailMode.DAILY, 24)),
)
_PIN_OFF: dict[str, Command] = {"OFF": c.PinOff()}
_CLOSE: dict[str, Command] = {"CLOSE": c.PollClose()}
_JOIN = takes.new_name(c.Join, unless="!")
_JOIN_INVITED = takes.new_name_invited(c.JoinInvited)
_ACCEPT = takes.named_or_all(c.Accept)
_ON_KEY, _OFF_KEY = takes.tagged_or_group(c.OnKey), takes.tagged_or_group(c.OffKey)
_UNTRACK = takes.word_or_all(c.Untrack)
_STOP = "STOP, STOPALL, STOP ALL, END, QUIT, CANCEL, UNSUBSCRIBE, REVOKE, OPTOUT, OPT OUT, OPT-OUT"

CHAPTERS: dict[str, tuple[CommandForm, ...]] = {
    mark("Stop, start, help"): (
        _row(_STOP, "", takes.alone(c.Stop()), "no more texts to this phone", "Stop.", keyword=True),
        _row("START, UNSTOP, YES", "", takes.alone(c.Start()), "texts to this phone again", "START", keyword=True),
        _row("HELP, INFO, ?", "", takes.alone(c.Help()), "how this works, and whom to ask", "?", keyword=True),
        _row("HELP, INFO, ?", "command", _topic, "what one command does", "HELP FOLLOW"),
    ),
    mark("Account"): (
        _row("JOIN", "name", _JOIN, "sign up from this phone under that name", "JOIN alice"),
        _row("JOIN", "name code", _JOIN_INVITED, "the same by invitation", "JOIN alice k7qm2-xrp4t"),
        _row("NAME", "name", takes.new_name(c.Rename), "change your name (asks for a code)", "NAME alice_b"),
        _row("SIGNOUT", "", takes.alone(c.SignOut()), "detach this phone from your account", "SIGNOUT"),
        _row(
            "DELETE ME",
            "",
            takes.alone(c.DeleteMe()),
            "delete the account (asks for a code)",
            "DELETE ME",
            keyword=True,
        ),
        _row("CLAIM", "code", takes.code(c.Claim), "join this phone to the account that has the code", "CLAIM 482913"),
        _row("LOGIN", "", takes.alone(c.Login()), "a link that logs you in on the site, once", "LOGIN"),
        _row("PIN", "1234", takes.pin_text(c.Pin), "texts from your phone must begin with that PIN", "PIN 4821"),
        _row("PIN", "OFF", takes.one_of(_PIN_OFF), "they need none any more", "PIN OFF"),
    ),
    mark("What reaches you"): (
        _row("ON", "", takes.alone_or("ALL", c.On()), "texts on", "ON"),
        _row("OFF", "", takes.alone_or("ALL", c.Off()), "texts off until you say ON; answers still come", "OFF"),
        _row("ON", "name", takes.named(c.OnName), "somebody's posts by text", "ON alice"),
        _row("OFF", "name", takes.named(c.OffName), "somebody's posts no longer by text", "OFF alice"),
        _row("ON", "#tag | !group", _ON_KEY, "posts for a tag or group by text", "ON #lunch"),
        _row("OFF", "#tag | !group", _OFF_KEY, "posts for a tag or group no longer by text", "OFF !team"),
        _row(
            "SLEEP",
            "22-7",
            takes.hours(c.Sleep, wrong=c.SleepFor(0)),
            "quiet every day between these hours",
            "SLEEP 10pm-7am",
        ),
        _row("SLEEP", "hours", takes.hours_long(c.SleepFor), "quiet for so many hours from now", "SLEEP 8"),
        _row("SLEEP", "OFF", takes.one_of(_QUIET_OFF), "no more quiet hours", "SLEEP OFF"),
        _row("WAKE", "", takes.alone(c.Wake()), "end the quiet of now", "WAKE"),
        _row("EMAIL", "ON | OFF", takes.one_of(_ON_OFF), "posts by mail, or not", "EMAIL ON"),
        _row("EMAIL", "DAILY [hour] | HOURLY", _DIGEST, "posts in one mail a day or an hour", "EMAIL DAILY"),
        _row("EMAIL", "address", takes.mail_address(c.MailAddress()), "how a mailbox is added", "EMAIL a@b.example"),
    ),
    mark("Following"): (
        _row("FOLLOW, F, SUB, ADD", "name", takes.named(c.Follow), "read somebody here", "FOLLOW @alice"),
        _row("FOLLOW, F, SUB, ADD", "#tag", takes.tagged(c.FollowTag), "read what has a tag", "FOLLOW #lunch"),
        _row("LEAVE, UNFOLLOW, UNSUB, L", "name", takes.named(c.Leave), "follow somebody no longer", "LEAVE alice"),
        _row("LEAVE, UNFOLLOW, UNSUB, L", "#tag", takes.tagged(c.LeaveTag), "follow a tag no longer", "L #lunch"),
        _row("FOLLOWING", "", takes.alone(c.Following()), "whom and which tags you follow", "FOLLOWING"),
        _row("FOLLOWERS", "", takes.alone(c.Followers()), "who follows you", "FOLLOWERS"),
        _row("ACCEPT", "name | ALL", _ACCEPT, "let one, or all who asked, follow you", "ACCEPT bob"),
        _row("DENY", "name | ALL", takes.named_or_all(c.Deny), "let one, or all who asked, not follow you", "DENY ALL"),
        _row("REQUESTS", "", takes.alone(c.Requests()), "who asks to follow you", "REQUESTS"),
    ),
    mark("Privacy and peace"): (
        _row("LOSE", "name", takes.named(c.Lose), "make somebody follow you no longer", "LOSE bob"),
        _row("BLOCK", "name", takes.named(c.Block), "end following both ways, and hide", "BLOCK bob"),
        _row("UNBLOCK", "name", takes.named(c.Unblock), "end a block", "UNBLOCK bob"),
        _row("REPORT", "name [words]", takes.name_text(c.Report), "tell the operator about somebody", "REPORT bob"),
        _row("MUTE", "name", takes.named(c.Mute), "nothing from somebody comes, unknown to them", "MUTE bob"),
        _row("UNMUTE", "name", takes.named(c.Unmute), "end a mute", "UNMUTE bob"),
        _row("PROTECT", "", takes.alone(c.Protect()), "only whom you accept reads you", "PROTECT"),
        _row("PUBLIC", "", takes.alone(c.Public()), "anyone may read you (asks for a code)", "PUBLIC"),
    ),
    mark("Posting and answering"): (
        _row("POST", "text", takes.some_text(c.PostThis), "post it, even if it looks like a command", "POST get milk"),
        _row("D, DM, M", "name text", takes.name_text(c.Direct), "a message to one who follows you", "D bob see you"),
        _row(
            "R, REPLY",
            "[name] text",
            takes.maybe_name_text(c.Reply),
            "answer the last post you got, or somebody's",
            "R yes!",
        ),
        _row("RT, REPEAT", "[name]", takes.maybe_named(c.Repost), "pass on the last you got, or somebody's", "RT"),
        _row("FAV", "[name]", takes.maybe_named(c.Favourite), "mark the last you got, or somebody's", "FAV bob"),
        _row("UNDO", "", takes.alone(c.Undo()), "delete your last post", "UNDO"),
        _row("Y", "", takes.alone(c.Yes()), "yes, do what was just offered", "Y"),
    ),
    mark("Reading"): (
        _row("GET, LAST, G", "name", takes.named(c.Get), "somebody's last post", "GET alice"),
        _row("WHOIS, W", "name", takes.named(c.Whois), "who somebody is", "WHOIS alice"),
        _row("STATS", "", takes.alone(c.Stats()), "your numbers", "STATS"),
        _row("MORE", "", takes.alone(c.More()), "go on with the list that you got last", "MORE"),
        _row("INBOX", "", takes.alone(c.Inbox()), "your last direct messages", "INBOX"),
        _row("SEARCH", "words", takes.some_text(c.Search), "the last posts with these words", "SEARCH lost keys"),
        _row("TRACK", "word", takes.word(c.Track), "posts with a word or #tag, whoever writes them", "TRACK wifi"),
        _row("UNTRACK", "word | ALL", _UNTRACK, "track one word, or all, no longer", "UNTRACK ALL"),
        _row("TRACKS", "", takes.alone(c.Tracks()), "the words and tags you track", "TRACKS"),
        _row("NUDGE", "name", takes.named(c.Nudge), "ask somebody who follows you to post again", "NUDGE bob"),
        _row("INVITE", "", takes.alone_or_phone(c.Invite()), "a text by which others can join, to pass on", "INVITE"),
    ),
    mark("Polls and groups"): (
        _row("POLL", "question / a / b", takes.question(c.Poll), "ask your followers", "POLL Lunch? / pizza / soup"),
        _row("POLL", "", takes.alone(c.PollResult()), "how the last poll stands that you got or asked", "POLL"),
        _row("POLL", "CLOSE", takes.one_of(_CLOSE), "end your last poll; who voted gets the result", "POLL CLOSE"),
        _row("VOTE", "n", takes.number(c.Vote), "answer the last poll you got", "VOTE 2"),
        _row("GROUPS", "", takes.alone(c.Groups()), "the groups that you are in", "GROUPS"),
        _row("JOIN", "!group", takes.group(c.JoinGroup), "join a group, or found it", "JOIN !team"),
        _row("LEAVE, UNFOLLOW, UNSUB, L", "!group", takes.group(c.LeaveGroup), "leave a group", "LEAVE !team"),
        _row(
            "!group",
            "text",
            takes.group_text(c.GroupText),
            "a post to a group too",
            "!team we start at nine",
        ),
    ),
}
"""Every form a command can have, by chapter. No message fits two of them."""

TABLE: tuple[CommandForm, ...] = tuple(row for rows in CHAPTERS.values() for row in rows)
"""The same, row by row."""

_TOPICS = frozenset(words for row in TABLE for words in row.words)
