"""What people can ask for by text or mail: one class for each wish.

How each is written stands in ``gateway.domain.command_table``; ``gateway.domain.command`` reads it.
"""

from dataclasses import dataclass
from datetime import time

from gateway.domain.reaction import Seen
from gateway.domain.types import EmailMode


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
    """A command about one group; ``group`` is its name in lower case, without ``!``. An empty one is a word that no
    group can be called."""

    group: str


@dataclass(frozen=True, slots=True)
class _Tagged:
    """A command about a tag; ``tag`` is case-folded and without ``#``."""

    tag: str


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A command about a tag or a group; ``key`` is ``#lunch``, case-folded, or ``!team``, in lower case."""

    key: str


class Stop(_Bare):
    """Opt this phone out of everything, at once."""


class Start(_Bare):
    """Opt this phone in again. YES is one of its words: where nothing was stopped and an offer stands, it means Y."""


@dataclass(frozen=True, slots=True)
class Help:
    """How this works; ``topic`` is a word of the table, in capitals, or None."""

    topic: str | None = None


class Join(_Named):
    """Sign up from this phone under a name; it may be a word that nobody can be called, as it was written."""


@dataclass(frozen=True, slots=True)
class JoinInvited:
    """The same with the code of an invitation, as ``gateway.domain.invite`` writes it."""

    name: str
    invite: str


class Rename(_Named):
    """Be called so from now on; it may be a word that nobody can be called, as it was written."""


class SignOut(_Bare):
    """Detach this phone from its account."""


class DeleteMe(_Bare): ...


@dataclass(frozen=True, slots=True)
class Claim:
    """Join this phone to the web account that was shown the code (4 to 12 letters and digits, lower case). An empty
    code is a word that is none."""

    code: str


class Login(_Bare): ...


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN of 4 to 8 digits: ``rest`` is what to parse once it is right. Where it is empty, the PIN is to be set. An
    empty PIN is a word that is none."""

    pin: str
    rest: str


class PinOff(_Bare):
    """Texts need no PIN any more."""


class On(_Bare): ...


class Off(_Bare): ...


class OnName(_Named): ...


class OffName(_Named): ...


class OnKey(_Keyed): ...


class OffKey(_Keyed): ...


@dataclass(frozen=True, slots=True)
class Sleep:
    """Quiet hours every day in the account's time zone; they may span midnight."""

    start: time
    until: time


@dataclass(frozen=True, slots=True)
class SleepFor:
    """Quiet for so many hours from now; 1 to 99 will do."""

    hours: int


class SleepOff(_Bare): ...


class Wake(_Bare): ...


@dataclass(frozen=True, slots=True)
class Email:
    """Mail at once (``INSTANT``) or none (``OFF``)."""

    mode: EmailMode


@dataclass(frozen=True, slots=True)
class EmailDigest:
    """Posts together in one mail, ``HOURLY`` or ``DAILY``. ``hour``: of the day, for a daily one; None leaves it as it
    is, and what no clock shows is answered."""

    mode: EmailMode
    hour: int | None = None


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


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the operator about somebody; ``words`` say what, and may be empty."""

    name: str
    words: str


class Mute(_Named): ...


class Unmute(_Named): ...


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


class More(_Bare):
    """Go on with the list that was answered last."""


class Nudge(_Named): ...


class Invite(_Bare): ...


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with 2 to 9 options, none of them empty."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """For the option of this number; the poll says which there are."""

    number: int


class PollResult(_Bare):
    """How the last poll stands that one got or asked."""


class PollClose(_Bare):
    """End one's last poll."""


class Groups(_Bare): ...


class JoinGroup(_Group): ...


class LeaveGroup(_Group): ...


@dataclass(frozen=True, slots=True)
class GroupText:
    """A text to the members of a group."""

    group: str
    text: str


class Yes(_Bare):
    """Y: do what was just offered."""


class No(_Bare):
    """N: leave what was just offered. Where nothing was, a post like others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One digit and nothing else: a vote where a poll has just come, else a post like others."""

    number: int


class StopName(_Named):
    """STOP and a word: to leave somebody who is called so; a post like others where nobody is (``stop it``)."""


class StopKey(_Keyed):
    """STOP and a ``#tag`` or ``!group``: to leave it; a post like others of whom does not listen to it."""


@dataclass(frozen=True, slots=True)
class React:
    """What a phone writes when somebody reacts to a text; a post like others where no text of ours is quoted."""

    to: Seen


class MailAddress(_Bare):
    """EMAIL and a mail address, which is not for the public."""


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
_Account = Join | JoinInvited | Rename | SignOut | DeleteMe | Claim | Login | Pin | PinOff
_Wire = (
    On
    | Off
    | OnName
    | OffName
    | OnKey
    | OffKey
    | Sleep
    | SleepFor
    | SleepOff
    | Wake
    | Email
    | EmailDigest
    | MailAddress
)
_Edge = Follow | FollowTag | Leave | LeaveTag | Following | Followers | Accept | Deny | Requests | Lose
_Shield = Block | Unblock | Report | Mute | Unmute | Protect | Public
_Words = Direct | Reply | Repost | Favourite | Undo | PostThis
_Reading = Get | Whois | Stats | Inbox | Search | Track | Untrack | Tracks | More | Nudge | Invite
_Together = Poll | PollResult | PollClose | Vote | Groups | JoinGroup | LeaveGroup | GroupText
_Loose = Yes | No | Choice | StopName | StopKey | React | Code | Empty | Post
Command = _Consent | _Account | _Wire | _Edge | _Shield | _Words | _Reading | _Together | _Loose
"""All that a message can mean. Closed: match on it and end with ``assert_never``."""
