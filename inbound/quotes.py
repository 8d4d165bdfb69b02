"""A person's own words in a mail's text: without what they quoted, forwarded from above, or signed with.

The rule behind every choice here: rather a line too much than one of the person's own lost. Answers between quoted
lines stay, in their order. A line that introduces a quote is believed if a quote follows it, or if it names who wrote
and when; everything after one without a quote is an older mail. What was cut off is told as well.

What the programs of the world say there is in ``inbound.tongues``. Text that comes from HTML has a mark of ours before
each line that its markup calls a quote or a signature.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from inbound.tongues import ALL

NOT_THEIRS = "\ufdd0"
"""What a line begins with that is certainly not the person's own; no character that anybody writes."""

_LONGEST_INTRODUCTION = 400
_MOST_LINES = 4
_SHORTEST_BROKEN = 30
_LONGEST_HISTORY_HEAD = 14  # lines
_LONGEST_DEVICE = 100
_LONGEST_DEVICE_LINKED = 400  # with where it leads, as Yahoo's do
_LONGEST_LABEL = 32
_LONGEST_SIGNATURE = 30
_LONGEST_COMPANY_S = 20
_LONGEST_NAME = 50
_SHORTEST_FOOTER = 45
_LONGEST_SIGNED = 25  # lines under two dashes


def _folded(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(phrase.casefold() for phrase in phrases)


def _all(name: str) -> frozenset[str]:
    return _folded(chain.from_iterable(tongue.phrases(name) for tongue in ALL))


def _either(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases as whole words, where their script has spaces between words."""
    spaced = sorted((p for p in phrases if p[-1] < "\u0e00"), key=len, reverse=True)
    others = [p for p in phrases if p[-1] >= "\u0e00"]
    return rf"(?:(?<!\w)(?:{'|'.join(map(re.escape, spaced))})(?!\w)|{'|'.join(map(re.escape, others))})"


_ROLES = {label: role for role in ("other", "sent", "to", "subject", "from_") for label in _all(role)}
_TITLES = tuple(_all("titles"))
_BEGINS = _all("begins")
_REGARDS = _all("regards")
_THANKS = _all("thanks")
_FOOTERS = tuple(_all("footers"))
_FOOTER_STARTS = frozenset(footer[:2] for footer in _FOOTERS)
_DEVICES = [tuple(device.split("…")) for device in _all("devices")]
_DEVICE_STARTS = tuple({device[0] for device in _DEVICES if device[0]})
_DEVICE_ENDS = tuple({device[-1] for device in _DEVICES if not device[0]})
_FOOTED = re.compile("|".join(map(re.escape, _all("footed"))))
_WROTE = frozenset(word for word in _all("wrote") if word[-1] < "\u0e00")
_WROTE_WITHIN = tuple(_all("wrote") - _WROTE)  # where no spaces part the words
_OPENS = re.compile(
    rf"[*_]?(?:{_either(_all('opens'))}|\d|[^\W\d]{{2,15}}\.?, ?(?:[^\W\d]+\.? )?\d|[^\W\d]{{2,4}}\.? \d{{1,2}}\. "
    r"|[^:]{1,80}[<(][^<>()\s]+@[^<>()\s]+[>)]|\S[^:]{1,60} wrote on )",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<![\d.])\d{1,2}\s?[:.h時时点]\s?\d{2}(?![\d.])|\d\s?[ap]\.?m\b", re.IGNORECASE)
_DATE = re.compile(r"\b(?:19|20)\d\d\b|(?:19|20)\d\d[年년]|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_ADDRESS = re.compile(r"[^\s<(]+@[^\s>)]+")
_ADDRESSED = re.compile(r"<[^<>\s]+@[^<>\s]+>\W*$")
_DASHES = frozenset({"--", "—", "–", "__"})
_PARTICLES = frozenset(
    {
        "af",
        "and",
        "av",
        "da",
        "das",
        "de",
        "del",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
        "et",
        "i",
        "la",
        "le",
    }
    | {"och", "of", "og", "und", "van", "von", "y"}
)
_POSTSCRIPT = re.compile(r"\s*(?:(?:p\.?\s?)?p\.?\s?s\b|p\.?d\b|n\.?b\b|追伸|又及)\.?\s*[:：,.–-]?", re.IGNORECASE)
_INTRODUCED = re.compile(r"\s*(.{20,300}?[:：]) {2,}\S")
"""An introduction with the older mail behind it on the same line, as Yahoo's apps put it."""

_OF_GROUPWISE = re.compile(r"\s{0,3}>>> .{3,200} >>>\s*")
_UNSEEN = dict.fromkeys((*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Marks for the direction of writing, which programs put round names and dates."""

_BEHIND = " \t*_" + "".join(map(chr, _UNSEEN))

_RULE = re.compile(r"^\s*[-_=*—–─━]{5,}\s*$")
_NOBODY: frozenset[str] = frozenset()
_WORD = re.compile(r"[^\W\d_]+")
_FRAME = re.compile(r"(?:[-_=*~+#—–─━═＝＿☆★◇◆■□●○・※] ?){5,}")
_QUOTED = re.compile(rf"^(?: {{0,3}}>|{NOT_THEIRS})")
_MARKS = re.compile(rf"^{NOT_THEIRS}?(?:\s?>)*+ ?")
_SIGNS_OF_QUOTES = (">", ":", "：", "--", "__", "==", "**", "——", "––", "──", "━━", NOT_THEIRS)
_CONTACT = re.compile(r"@|www\.|https?:|\+?\d[\d /().-]{5,}\d")
_ANSWERS = re.compile(
    rf"\s*(?:{'|'.join(map(re.escape, sorted(_all('answers'), key=len, reverse=True)))})(?:\[\d+\])?\s?[:：]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """``own`` is what the person wrote; ``cut`` is what was taken for something else, in its order."""

    own: str
    cut: str


def is_answer(subject: str) -> bool:
    """Whether a subject is that of an answer."""
    return bool(_ANSWERS.match(subject))


def is_signature(text: str) -> bool:
    """Whether a text begins as the signatures that programs put under a mail."""
    return text.partition("\n")[0].rstrip() == "--"


def own_words(text: str, *, answers: bool = False, name: str = "") -> Words:
    """The person's own words in ``text``. If all of it is quoted or forwarded: nothing where the mail ``answers``
    another, else what it passes on. ``name`` is what its sender is called in From."""
    lines = text.replace("\xa0", " ").split("\n")
    quotes = any(sign in text for sign in _SIGNS_OF_QUOTES)
    mine = _without_quotes(lines, answers=answers) if quotes else list(range(len(lines)))
    if not _say_something(lines, mine):
        if answers:
            mine = []
        else:
            lines, mine = _passed_on(lines)
    mine = mine[: _before_device(lines, mine)]
    for end in (_before_footer, partial(_before_signature, name=name), _before_device):
        shorter = mine[: end(lines, mine)]
        mine = shorter if _say_something(lines, shorter) else mine
    kept = frozenset(mine)
    own = _tidied(lines[at] for at in mine)
    if len(mine) == len(lines):
        return Words(own, "")
    return Words(own, _tidied(line.lstrip(NOT_THEIRS) for at, line in enumerate(lines) if at not in kept))


def _without_quotes(lines: Sequence[str], *, answers: bool) -> list[int]:
    """Which lines are neither quoted nor of an older mail."""
    ends = _introduction_ends(lines)
    mine: list[int] = []
    at = 0
    while at < len(lines):
        if _QUOTED.match(lines[at]):
            if _OF_GROUPWISE.fullmatch(lines[at]) and not _quote_follows(lines, at + 1):
                return _without_rules(lines, mine)
            at += 1
            continue
        length = _introduction(lines, at, ends, answers=answers) if ends else 0
        if _starts_history(lines[at].strip(), lines, at) or (length and not _quote_follows(lines, at + length)):
            return _without_rules(lines, mine)
        if not length:
            mine.append(at)
        at += length or 1
    return mine


def _starts_history(line: str, lines: Sequence[str], at: int) -> bool:
    """Whether everything from this line on is an older mail, as Outlook and forwarding programs put it."""
    if line[:2] in {"--", "__", "==", "**", "——", "––", "──", "━━"}:
        title = line.strip(" \t-_=*~—–─━>|").casefold()
        return title.startswith(_TITLES) and len(title) < _LONGEST_DEVICE
    if ":" not in line and "：" not in line:
        return False
    if "@" in line and (told := _INTRODUCED.match(line)) and _introduces(told[1], quoted=False, answers=False):
        return True
    if _role(line) not in {None, "other"} and _is_head(lines, at):
        return True
    return line.rstrip(" :：").casefold() in _BEGINS


def _role(line: str) -> str | None:
    """Which header of an older mail a line is, if it is one."""
    label = line[:_LONGEST_LABEL].replace("：", ":").partition(":")
    return _ROLES.get(label[0].strip(" \t*_>").casefold()) if label[1] else None


def _is_head(lines: Sequence[str], at: int) -> bool:
    """Whether these lines are the headers of an older mail: who wrote it, and two more of when, to whom and what of."""
    roles: set[str] = set()
    strangers = 0
    for line in lines[at : at + _LONGEST_HISTORY_HEAD]:
        role = _role(line.strip())
        strangers = 0 if role else strangers + 1
        if role:
            roles.add(role)
        if strangers > 2:
            break
    return "from_" in roles and len(roles - {"other"}) >= 3


def _introduction(lines: Sequence[str], at: int, ends: frozenset[int], *, answers: bool) -> int:
    """How many lines from here introduce a quote ("On Monday … wrote:"), 0 if they don't."""
    for length in range(1, _MOST_LINES + 1):
        if at + length > len(lines) or not (line := lines[at + length - 1].strip()) or line[0] == ">":
            return 0
        if at + length - 1 not in ends:
            continue
        quoted = _quote_follows(lines, at + length)
        block = [line.translate(_UNSEEN).strip() for line in lines[at : at + length]]
        if not _introduces(" ".join(block), quoted=quoted, answers=answers):
            return 0
        return 0 if any(_is_whole(block, later, quoted=quoted) for later in range(1, length)) else length
    return 0


def _is_whole(block: Sequence[str], later: int, *, quoted: bool) -> bool:
    """Whether the introduction only begins at a later line, as that one says who and when by itself: what stands above
    it is the person's last line, and no program has broken it there."""
    rest = " ".join(block[later:])
    if rest[0].isdigit() and len(" ".join(block[:later])) >= _SHORTEST_BROKEN:
        return False
    says_who = _says_wrote(rest) or _ADDRESS.search(rest)
    return bool(says_who and _DATE.search(rest)) and _introduces(rest, quoted=quoted, answers=True)


def _introduction_ends(lines: Sequence[str]) -> frozenset[int]:
    """The lines with which an introduction may end: in a colon, or between dashes."""
    return frozenset(
        at
        for at, line in enumerate(lines)
        if line.rstrip(_BEHIND)[-1:] in {":", "："} or (line.startswith("--") and line.rstrip().endswith("--"))
    )


def _introduces(block: str, *, quoted: bool, answers: bool) -> bool:
    """Whether a sentence says who wrote what follows."""
    block = block.strip("- ")
    if len(block) > _LONGEST_INTRODUCTION:
        return False
    if not _OPENS.match(block):
        if not quoted or not answers or len(block) > _LONGEST_DEVICE or _says_wrote(block.partition(" ")[0]):
            return False
        return _says_wrote(block if _DATE.search(block) else block[-25:])
    wrote, time, date = _says_wrote(block), _TIME.search(block), _DATE.search(block)
    address = _ADDRESS.search(block)
    if (wrote and (time or address or (date and answers))) or ((time or date) and _ADDRESSED.search(block)):
        return True
    return quoted and bool(wrote or address or (date and time))


def _says_wrote(block: str) -> bool:
    block = block.casefold()
    return not _WROTE.isdisjoint(block.replace(":", " ").split()) or any(word in block for word in _WROTE_WITHIN)


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    return next((bool(_QUOTED.match(line)) for line in lines[at : at + 3] if line.strip()), False)


def _without_rules(lines: Sequence[str], mine: list[int]) -> list[int]:
    """Without empty lines and lines of dashes at the end."""
    while mine and (not lines[mine[-1]].strip() or _RULE.match(lines[mine[-1]])):
        mine.pop()
    return mine


def _passed_on(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """What a mail without own words passes on: its lines without quote marks, and which of them are neither of a
    header block nor the line that introduces it."""
    bare = [_MARKS.sub("", line) for line in lines]
    ends = _introduction_ends(bare)
    for at, line in enumerate(bare):
        words = line.strip()
        head = _starts_history(words, bare, at) or _role(words) or _RULE.match(words)
        if words and not head and not _introduction(bare, at, ends, answers=True):
            return bare, list(range(at, len(bare)))
    return bare, list(range(len(bare)))


def _before_signature(lines: Sequence[str], mine: Sequence[int], name: str) -> int:
    """Where ``-- `` stands, or a closing phrase with a name under it or beside it, or the sender's name above what a
    company wants there; nowhere if a postscript follows."""
    mail = [lines[at] for at in mine]
    end = _signature(mail, frozenset(_WORD.findall(name.casefold())) if name else _NOBODY)
    return len(mail) if any(_POSTSCRIPT.match(line) for line in mail[end:]) else end


def _signature(mail: Sequence[str], called: frozenset[str]) -> int:
    if "-- " in mail[1:] and len(mail) - (at := mail.index("-- ", 1)) <= _LONGEST_SIGNED:
        return at
    found, short = len(mail), True
    rest: list[str] = []
    for at in range(len(mail) - 1, max(-1, len(mail) - 1 - _LONGEST_SIGNATURE), -1):
        line = mail[at].strip()
        if not line:
            continue
        if (
            (line in _DASHES and len(rest) <= 8)
            or (short and len(rest) <= 6 and _closes(line, rest))
            or ((line in _DASHES or _FRAME.fullmatch(line) or _closes(line, rest[:1])) and _is_company_s(rest))
            or (
                called
                and len(rest) > 2
                and _is_called(line, called)
                and _stands_apart(mail, at)
                and _says_where(rest, 2)
            )
        ):
            found = at
        short = short and len(line) <= _LONGEST_NAME
        rest.insert(0, line)
    return found


def _is_company_s(rest: Sequence[str]) -> bool:
    """Whether this may be a name and all that companies want below it. In Japan there is a frame round it."""
    if not rest or _CONTACT.search(rest[0]):
        return False
    return _says_where(rest, 1 if _FRAME.fullmatch(rest[-1]) else 2)


def _stands_apart(mail: Sequence[str], at: int) -> bool:
    """Whether there is an empty line above."""
    return at > 0 and not mail[at - 1].strip()


def _is_called(line: str, called: frozenset[str]) -> bool:
    """Whether a line is somebody's name, with no more than a title or two."""
    return len(line) <= _LONGEST_NAME and called <= (words := set(_WORD.findall(line.casefold()))) and len(words) < 5


def _says_where(rest: Sequence[str], least: int) -> bool:
    """Whether this is where to call, to write and to look, in so many lines at ``least``, and no sentence."""
    return (
        len(rest) <= _LONGEST_COMPANY_S
        and sum(bool(_CONTACT.search(line)) for line in rest) >= least
        and all(len(line) <= _LONGEST_DEVICE for line in rest)
        and not any(line[-1] in ".!?…" and len(line.split()) > 5 for line in rest)
    )


def _closes(line: str, rest: Sequence[str]) -> bool:
    if len(line) > 2 * _LONGEST_NAME:
        return False
    phrase = line.strip(" \t,.!，。！;*_~").casefold()
    if phrase in _REGARDS:
        return not rest or _is_name(rest[0])
    if phrase in _THANKS:  # without a name they are words like others
        return bool(rest) and _is_name(rest[0]) and (rest[0][0].isupper() or rest[0][0].islower())
    head, comma, name = line.partition(",")
    return bool(comma) and head.strip().casefold() in _REGARDS and bool(name.strip()) and _is_name(name.strip())


def _is_name(line: str) -> bool:
    """Whether this may be a name, or something else that stands in signatures."""
    words = [word.strip("*_~-–—()[]\"',.&/|") for word in line.split()]
    capital = [word for word in words if not word[:1].islower() or word in _PARTICLES]
    named = len(words) == 1 or (len(words) <= 5 and capital == words)
    return (named and line[-1] not in "?!…;:") or bool(_CONTACT.search(line))


def _before_device(lines: Sequence[str], mine: Sequence[int]) -> int:
    """Where the advertising lines begin that phones and apps put last."""
    end = len(mine)
    while end and (not (line := lines[mine[end - 1]].strip()) or _is_device(line)):
        end -= 1
    return end


def _is_device(line: str) -> bool:
    if len(line) > _LONGEST_DEVICE_LINKED:
        return False
    line = line.strip(" \t*_|.![").casefold()
    if "http" in line:
        line = re.sub(r"\]?\s*[<(\[]https?://\S+$", "", line).rstrip(" .!*_|")
    if not (line.startswith(_DEVICE_STARTS) or line.endswith(_DEVICE_ENDS)):
        return False
    return len(line) <= _LONGEST_DEVICE and any(_fits(line, pieces) for pieces in _DEVICES)


def _fits(line: str, pieces: Sequence[str]) -> bool:
    """Whether a line is these pieces with anything between them."""
    if len(pieces) == 1:
        return line == pieces[0]
    if not (line.startswith(pieces[0]) and line.endswith(pieces[-1])):
        return False
    at = len(pieces[0])
    for piece in pieces[1:]:
        found = line.find(piece, at + bool(piece))
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _before_footer(lines: Sequence[str], mine: Sequence[int]) -> int:
    """Where the paragraph begins in which a company's lawyers speak."""
    for place, at in enumerate(mine):
        line = lines[at].lstrip(" \t*_|-–—•·")
        if line[:2].casefold() not in _FOOTER_STARTS or not line.casefold().startswith(_FOOTERS):
            continue
        paragraph = " ".join(lines[each].strip() for each in mine[place : place + 3]).casefold()
        if len(paragraph) >= _SHORTEST_FOOTER and _FOOTED.search(paragraph):
            return len(_without_rules(lines, list(mine[:place])))
    return len(mine)


def _say_something(lines: Sequence[str], mine: Iterable[int]) -> bool:
    return any(lines[at].strip() for at in mine)


def _tidied(lines: Iterable[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text) if "\n\n\n" in text else text
