"""What people can ask for by text or mail, and how they write it: one table, from which the parser, HELP and the
reference are made.

A message is a command only when the whole of it fits a form of the table; everything else is a post. Case, space at
both ends and one final ``.`` or ``!`` don't matter, runs of white space are one space, ``@`` may stand before a name.
The text that a command carries keeps its own spacing and line breaks.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import time

from gateway.domain import argument as takes
from gateway.domain import opt_out
from gateway.domain.argument import Reader, without_end
from gateway.domain.text import is_blank, normalise
from gateway.domain.types import EmailMode

# ---- what can be asked


@dataclass(frozen=True, slots=True)
class _Bare:
    """A command that says all by its name."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A command about one person; ``name`` is in lower case and may be nobody's."""

    name: str


@dataclass(frozen=True, slots=True)
class _NamedOrNot:
    """A command about one person, or without a name about what its docstring says."""

    name: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    """A command about one group; ``group`` is its name in lower case, without ``!``."""

    group: str


@dataclass(frozen=True, slots=True)
class _Tagged:
    """A command about a tag; ``tag`` is case-folded and without ``#``."""

    tag: str


class Stop(_Bare):
    """Opt this phone out of everything, at once."""


class Start(_Bare):
    """Opt this phone in again. YES is one of its words: where nothing was stopped and an offer stands, it means Y."""


@dataclass(frozen=True, slots=True)
class Help:
    """How this works; ``topic`` is a word of the table, in capitals, or None."""

    topic: str | None = None


class Join(_Named):
    """Sign up from this phone under a name."""


class Rename(_Named): ...


class SignOut(_Bare):
    """Detach this phone from its account."""


class DeleteMe(_Bare): ...


@dataclass(frozen=True, slots=True)
class Claim:
    """Join this phone to the web account that was shown the code (4 to 12 letters and digits, lower case)."""

    code: str


class Login(_Bare): ...


@dataclass(frozen=True, slots=True)
class Pin:
    """A text protected by a PIN of 4 to 8 digits: ``rest`` is what to parse once it is right, and may be empty."""

    pin: str
    rest: str


class On(_Bare): ...


class Off(_Bare): ...


class OnName(_Named): ...


class OffName(_Named): ...


@dataclass(frozen=True, slots=True)
class Sleep:
    """Quiet hours every day in the account's time zone; they may span midnight."""

    start: time
    until: time


@dataclass(frozen=True, slots=True)
class SleepFor:
    """Quiet for 1 to 99 hours from now."""

    hours: int


class SleepOff(_Bare): ...


class Wake(_Bare): ...


@dataclass(frozen=True, slots=True)
class Email:
    """Mail at once (``INSTANT``) or none (``OFF``)."""

    mode: EmailMode


@dataclass(frozen=True, slots=True)
class EmailDigest:
    """Mail in one piece, ``HOURLY`` or ``DAILY``."""

    mode: EmailMode


class Follow(_Named): ...


class FollowTag(_Tagged): ...


class Leave(_Named): ...


class LeaveTag(_Tagged): ...


class Following(_Bare): ...


class Followers(_Bare): ...


class Accept(_NamedOrNot):
    """Let somebody follow; None is everybody who asked."""


class Deny(_NamedOrNot):
    """Don't let somebody follow; None is everybody who asked."""


class Requests(_Bare): ...


class Lose(_Named):
    """Make somebody follow no longer."""


class Block(_Named): ...


class Unblock(_Named): ...


class Report(_Named): ...


class Mute(_Named): ...


class Protect(_Bare): ...


class Public(_Bare): ...


@dataclass(frozen=True, slots=True)
class Direct:
    """A direct message. ``text`` may be empty: then it is asked for, as nothing that begins so may become a post. For
    the same reason ``name`` may be a word that nobody can be called."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the last post of ``name``, or (None) to the last post texted to this phone.

    Whether a first word is a name cannot be seen here. If it may be one, it is ``name`` and ``text`` is what follows;
    ``words`` is always the whole, meant for the last post when nobody is called that (and no ``@`` stands before it).
    ``text`` may be empty: then it is asked for.
    """

    name: str | None
    text: str
    words: str


class Repost(_NamedOrNot):
    """Pass on the last post of a person; None is the last post texted to this phone."""


class Favourite(_NamedOrNot):
    """Mark the last post of a person; None is the last post texted to this phone."""


class Undo(_Bare): ...


@dataclass(frozen=True, slots=True)
class PostThis:
    """Post it, whatever it looks like."""

    text: str


class Get(_Named): ...


class Whois(_Named): ...


class Stats(_Bare): ...


class Inbox(_Bare): ...


@dataclass(frozen=True, slots=True)
class Search:
    """Posts with all of these words."""

    words: str


@dataclass(frozen=True, slots=True)
class Track:
    """Text me what has this word; it is case-folded and may begin with ``#``."""

    word: str


@dataclass(frozen=True, slots=True)
class Untrack:
    """No longer; None is ALL."""

    word: str | None


class Tracks(_Bare): ...


class Nudge(_Named): ...


class Invite(_Bare): ...


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with 2 to 9 options, none of them empty."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """For the option of this number, 1 to 9."""

    number: int


class JoinGroup(_Group): ...


class LeaveGroup(_Group): ...


@dataclass(frozen=True, slots=True)
class GroupText:
    """A text to the members of a group."""

    group: str
    text: str


class Yes(_Bare):
    """Y: do what was just offered."""


@dataclass(frozen=True, slots=True)
class Code:
    """A number of 4 to 8 digits and nothing else: the echo of a code where one is awaited, else a post like others."""

    code: str


class Empty(_Bare):
    """Nothing that anybody could see."""


@dataclass(frozen=True, slots=True)
class Post:
    """Everything else. ``text`` is in its normal form and not empty."""

    text: str


_Consent = Stop | Start | Help
_Account = Join | Rename | SignOut | DeleteMe | Claim | Login | Pin
_Wire = On | Off | OnName | OffName | Sleep | SleepFor | SleepOff | Wake | Email | EmailDigest
_Edge = Follow | FollowTag | Leave | LeaveTag | Following | Followers | Accept | Deny | Requests | Lose
_Shield = Block | Unblock | Report | Mute | Protect | Public
_Words = Direct | Reply | Repost | Favourite | Undo | PostThis
_Reading = Get | Whois | Stats | Inbox | Search | Track | Untrack | Tracks | Nudge | Invite
_Together = Poll | Vote | JoinGroup | LeaveGroup | GroupText
_Loose = Yes | Code | Empty | Post
Command = _Consent | _Account | _Wire | _Edge | _Shield | _Words | _Reading | _Together | _Loose
"""All that a message can mean. Closed: match on it and end with ``assert_never``."""


# ---- how it is written


@dataclass(frozen=True, slots=True)
class CommandForm:
    """One row of the table.

    ``words``     what a message begins with, in capitals: the word that help shows, then others that mean the same.
    ``argument``  how help writes what follows: small letters stand for something, brackets may be left out.
    ``read``      reads what follows; None when it does not fit.
    ``help``      what the command does, in one line.
    ``example``   a message that fits.
    ``offered``   whether it works yet; if not, it is understood and the answer says so.
    ``keyword``   whether quotation marks and other ornaments around the message are overlooked too.
    """

    words: tuple[str, ...]
    argument: str
    read: Reader[Command]
    help: str
    example: str
    offered: bool = True
    keyword: bool = False

    @property
    def form(self) -> str:
        """The form as help shows it, e.g. ``FOLLOW name``."""
        return f"{self.words[0]} {self.argument}".rstrip()


def _row(words: str, argument: str, read: Reader[Command], says: str, example: str, **flags: bool) -> CommandForm:
    return CommandForm(tuple(words.split(", ")), argument, read, says, example, **flags)


def _later(words: str, argument: str, read: Reader[Command], says: str, example: str) -> CommandForm:
    return _row(words, argument, read, says, example, offered=False)


def _topic(rest: str) -> Help | None:
    topic = without_end(rest).upper()
    return Help(topic) if topic in _TOPICS else None


_ON_OFF: dict[str, Command] = {"ON": Email(EmailMode.INSTANT), "OFF": Email(EmailMode.OFF)}
_QUIET_OFF: dict[str, Command] = {"OFF": SleepOff()}
_DIGESTS: dict[str, Command] = {"DAILY": EmailDigest(EmailMode.DAILY), "HOURLY": EmailDigest(EmailMode.HOURLY)}
_STOP = "STOP, STOPALL, STOP ALL, END, QUIT, CANCEL, UNSUBSCRIBE, REVOKE, OPTOUT, OPT OUT, OPT-OUT"

CHAPTERS: dict[str, tuple[CommandForm, ...]] = {
    "Stop, start, help": (
        _row(_STOP, "", takes.alone(Stop()), "no more texts to this phone", "Stop.", keyword=True),
        _row("START, UNSTOP, YES", "", takes.alone(Start()), "texts to this phone again", "START", keyword=True),
        _row("HELP, INFO, ?", "", takes.alone(Help()), "how this works, and whom to ask", "?", keyword=True),
        _row("HELP, INFO, ?", "command", _topic, "what one command does", "HELP FOLLOW"),
    ),
    "Account": (
        _row("JOIN", "name", takes.named(Join), "sign up from this phone under that name", "JOIN alice"),
        _row("NAME", "name", takes.named(Rename), "change your name (asks for a code)", "NAME alice_b"),
        _row("SIGNOUT", "", takes.alone(SignOut()), "detach this phone from your account", "SIGNOUT"),
        _row(
            "DELETE ME", "", takes.alone(DeleteMe()), "delete the account (asks for a code)", "DELETE ME", keyword=True
        ),
        _row("CLAIM", "code", takes.code(Claim), "join this phone to the account that has the code", "CLAIM 482913"),
        _later("LOGIN", "", takes.alone(Login()), "a link that logs you in on the web, once", "LOGIN"),
        _later("PIN", "1234 text", takes.pin_text(Pin), "text or command under a PIN", "PIN 4821 on the bus"),
    ),
    "What reaches you": (
        _row("ON", "", takes.alone(On()), "texts on", "ON"),
        _row("OFF", "", takes.alone(Off()), "texts off until you say ON; answers still come", "OFF"),
        _row("ON", "name", takes.named(OnName), "somebody's posts by text", "ON alice"),
        _row("OFF", "name", takes.named(OffName), "somebody's posts no longer by text", "OFF alice"),
        _row("SLEEP", "22-7", takes.hours(Sleep), "quiet every day between these hours", "SLEEP 10pm-7am"),
        _row("SLEEP", "hours", takes.number(SleepFor, 99), "quiet for so many hours from now", "SLEEP 8"),
        _row("SLEEP", "OFF", takes.one_of(_QUIET_OFF), "no more quiet hours", "SLEEP OFF"),
        _row("WAKE", "", takes.alone(Wake()), "end the quiet of now", "WAKE"),
        _row("EMAIL", "ON | OFF", takes.one_of(_ON_OFF), "posts by mail, or not", "EMAIL ON"),
        _later("EMAIL", "DAILY | HOURLY", takes.one_of(_DIGESTS), "one mail a day or an hour", "EMAIL DAILY"),
    ),
    "Following": (
        _row("FOLLOW, F, SUB, ADD", "name", takes.named(Follow), "read somebody here", "FOLLOW @alice"),
        _later("FOLLOW, F, SUB, ADD", "#tag", takes.tagged(FollowTag), "read what has a tag", "FOLLOW #lunch"),
        _row("LEAVE, UNFOLLOW, UNSUB, L", "name", takes.named(Leave), "follow somebody no longer", "LEAVE alice"),
        _later("LEAVE, UNFOLLOW, UNSUB, L", "#tag", takes.tagged(LeaveTag), "follow a tag no longer", "L #lunch"),
        _row("FOLLOWING", "", takes.alone(Following()), "whom you follow", "FOLLOWING"),
        _row("FOLLOWERS", "", takes.alone(Followers()), "who follows you", "FOLLOWERS"),
        _row("ACCEPT", "name | ALL", takes.named_or_all(Accept), "let one, or all who asked, follow you", "ACCEPT bob"),
        _row("DENY", "name | ALL", takes.named_or_all(Deny), "let one, or all who asked, not follow you", "DENY ALL"),
        _row("REQUESTS", "", takes.alone(Requests()), "who asks to follow you", "REQUESTS"),
    ),
    "Privacy and peace": (
        _row("LOSE", "name", takes.named(Lose), "make somebody follow you no longer", "LOSE bob"),
        _row("BLOCK", "name", takes.named(Block), "end following both ways, and hide", "BLOCK bob"),
        _row("UNBLOCK", "name", takes.named(Unblock), "end a block", "UNBLOCK bob"),
        _later("REPORT", "name", takes.named(Report), "tell the people who run this about somebody", "REPORT bob"),
        _row("MUTE", "name", takes.named(Mute), "follow somebody and receive nothing of it", "MUTE bob"),
        _row("PROTECT", "", takes.alone(Protect()), "only whom you accept reads you", "PROTECT"),
        _row("PUBLIC", "", takes.alone(Public()), "anyone may read you (asks for a code)", "PUBLIC"),
    ),
    "Posting and answering": (
        _row("POST", "text", takes.some_text(PostThis), "post it, even if it looks like a command", "POST get milk"),
        _row("D, DM, M", "name text", takes.name_text(Direct), "a message to one who follows you", "D bob see you"),
        _row(
            "R, REPLY",
            "[name] text",
            takes.maybe_name_text(Reply),
            "answer the last post you got, or somebody's",
            "R yes!",
        ),
        _row("RT, REPEAT", "[name]", takes.maybe_named(Repost), "pass on the last you got, or somebody's", "RT"),
        _row("FAV", "[name]", takes.maybe_named(Favourite), "mark the last you got, or somebody's", "FAV bob"),
        _row("UNDO", "", takes.alone(Undo()), "delete your last post", "UNDO"),
        _row("Y", "", takes.alone(Yes()), "yes, do what was just offered", "Y"),
    ),
    "Reading": (
        _row("GET, LAST, G", "name", takes.named(Get), "somebody's last post", "GET alice"),
        _row("WHOIS, W", "name", takes.named(Whois), "who somebody is", "WHOIS alice"),
        _row("STATS", "", takes.alone(Stats()), "your numbers", "STATS"),
        _row("INBOX", "", takes.alone(Inbox()), "your last direct messages", "INBOX"),
        _later("SEARCH", "words", takes.some_text(Search), "the last posts with these words", "SEARCH lost keys"),
        _later("TRACK", "word", takes.word(Track), "posts with a word by text", "TRACK wifi"),
        _later("UNTRACK", "word | ALL", takes.word_or_all(Untrack), "track one word, or all, no longer", "UNTRACK ALL"),
        _later("TRACKS", "", takes.alone(Tracks()), "the words you track", "TRACKS"),
        _later("NUDGE", "name", takes.named(Nudge), "ask somebody to post again", "NUDGE bob"),
        _later("INVITE", "", takes.alone(Invite()), "a link by which others can join", "INVITE"),
    ),
    "Polls and groups": (
        _later("POLL", "question / a / b", takes.question(Poll), "ask your followers", "POLL Lunch? / pizza / soup"),
        _later("VOTE", "n", takes.number(Vote, 9), "answer the last poll you got", "VOTE 2"),
        _later("JOIN", "!group", takes.group(JoinGroup), "join a group", "JOIN !team"),
        _later("LEAVE", "!group", takes.group(LeaveGroup), "leave a group", "LEAVE !team"),
        _later("!group", "text", takes.group_text(GroupText), "a text to a group", "!team we start at nine"),
    ),
}
"""Every form a command can have, by chapter. No message fits two of them."""

TABLE: tuple[CommandForm, ...] = tuple(row for rows in CHAPTERS.values() for row in rows)
"""The same, row by row."""

_TOPICS = frozenset(words for row in TABLE for words in row.words)

# ---- reading it

_KEYWORDS = {words.casefold(): row.read("") for row in TABLE if row.keyword for words in row.words}
_LONGEST_KEYWORD = 40
_ORNAMENTS = " \t\n.!\"'`´“”„‘’‚«»‹›()[]{}<>*_~"
_PRIVATE = re.compile(r"(dm?|m)(?:[:;,.]\s+(?=\S)|[:;,]?(?=[@＠])|[:;,](?=\w))", re.IGNORECASE)
_NEVER_PUBLIC = frozenset({"d", "dm"})
_BY_WORD: dict[str, list[CommandForm]] = {}
for _form in TABLE:
    for _words in _form.words:
        _BY_WORD.setdefault(_words.casefold(), []).append(_form)


def parse(text: str) -> Command:
    """What a message asks for. Takes any string, never raises; the time it takes is linear in the length."""
    text = normalise(text)
    if is_blank(text):
        return Empty()
    if len(text) <= _LONGEST_KEYWORD and (keyword := _KEYWORDS.get(_unadorned(text))):
        return keyword
    if opt_out.is_request(text):
        return Stop()
    first, *rest = text.split(maxsplit=1)
    if opening := _PRIVATE.match(text):
        first, rest = opening[1], [text[opening.end() :]]
    elif first[0] == "!":
        first, rest = "!group", [text]
    elif not rest:
        first = without_end(first)
        if 4 <= len(first) <= 8 and first.isdecimal() and first.isascii():
            return Code(first)
    for form in _BY_WORD.get(first.casefold(), ()):
        if command := form.read(rest[0] if rest else ""):
            return command
    if rest and first.casefold() in _NEVER_PUBLIC:
        name, *rest = rest[0].split(maxsplit=1)
        return Direct(name.lstrip("@＠").lower() or name, rest[0] if rest else "")
    return Post(text)


def parse_mail(text: str) -> Command:
    """What a mail asks for: as ``parse``, but where the whole is a post, its first line may be a command with an empty
    line after it; greetings follow. YES and Y are no commands there: so begins many an honest answer."""
    whole = parse(text)
    lines = normalise(text).split("\n", 2)
    if len(lines) < 3 or lines[1].strip() or not isinstance(whole, Post):
        return whole
    command = parse(lines[0])
    return whole if isinstance(command, Post | Code | Empty | Start | Yes) else command


def _unadorned(text: str) -> str:
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(text.strip(_ORNAMENTS).casefold().split())
