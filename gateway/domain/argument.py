"""How what follows a command's word is read: each function makes a reader that takes the rest of the message, outer
white space off, and gives what it means, or None when it does not fit. Readers take any text, in linear time.

One final ``.`` or ``!`` is ignored, except where the command carries a text of the person's own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import TypeVar

from gateway.domain import invite, text
from gateway.domain.types import NAME_PATTERN

T = TypeVar("T")
Reader = Callable[[str], T | None]

_NAME = rf"((?ai:{NAME_PATTERN}))"
_END = r"\s*[.!]?"
_NAMED = re.compile(rf"[@＠]?{_NAME}{_END}")
_NAME_FIRST = re.compile(rf"[@＠]?{_NAME}(?:[:,]?\s+|{_END}\Z)")
_ADDRESSEE = re.compile(rf"[@＠]?{_NAME}(?:[:;,]+\s*|[.!]?\s+|{_END}\Z)")
_GROUP = re.compile(rf"!{_NAME}{_END}")
_GROUP_FIRST = re.compile(rf"!{_NAME}[:,]?\s+")
_NUMBER = re.compile(rf"([0-9]+){_END}")
_DIGITS_READ = 9
_HOURS_LONG = re.compile(rf"(?ai:(?:for\s+)?([0-9]+)\s?(?:h|hrs?|hours?)?){_END}")
_PHONE = re.compile(rf"\+?[0-9(][0-9 ()./-]{{4,30}}{_END}")
_MAIL_ADDRESS = re.compile(rf"[^\s@]{{1,64}}@[^\s@]{{1,255}}{_END}")
_PIN = re.compile(r"([0-9]{4,8})(?:[:;,.]?\s+|[.!]?\Z)")
_CODE = re.compile(rf"(?ai:(?=[a-z]*[0-9])([0-9a-z]{{4,12}})){_END}")
_DIGITS = re.compile(rf"[0-9]+(?:[\s-]+[0-9]+)*{_END}")
_BETWEEN_DIGITS = re.compile(r"[\s-]+")
_CLOCK = r"([01]?[0-9]|2[0-3])(?:[:.]([0-5][0-9]))?(?:\s?([ap])\.?m\.?)?"
_CLOCK_ALIKE = r"[0-9]+(?:[:.][0-9]+)?(?:\s?[ap]\.?m\.?)?"
_HOURS_ALIKE = re.compile(rf"(?ai:{_CLOCK_ALIKE}\s?(?:[-–—]|to|until)\s?{_CLOCK_ALIKE}){_END}")
_HOURS = re.compile(rf"(?ai:{_CLOCK}\s?(?:[-–—]|to|until)\s?{_CLOCK}){_END}")


def alone(meaning: T) -> Reader[T]:
    """Nothing may follow."""
    return lambda rest: meaning if not without_end(rest) else None


def alone_or(word: str, meaning: T) -> Reader[T]:
    """Nothing may follow but this word, in capitals, which changes nothing."""
    return lambda rest: meaning if without_end(rest).upper() in ("", word) else None


def alone_or_phone(meaning: T) -> Reader[T]:
    """Nothing may follow but a phone number, which means nothing here and is not for the public."""
    return lambda rest: meaning if not without_end(rest) or _PHONE.fullmatch(rest) else None


def mail_address(meaning: T) -> Reader[T]:
    """One word with ``@`` inside."""
    return lambda rest: meaning if _MAIL_ADDRESS.fullmatch(rest) else None


def named(make: Callable[[str], T]) -> Reader[T]:
    """``name``: 1 to 15 letters, digits and ``_``; given in lower case."""
    return _matching(_NAMED, lambda match: make(match[1].lower()))


def new_name(make: Callable[[str], T], *, unless: str = "") -> Reader[T]:
    """``name`` for somebody who is to be called so: any one word that does not begin with ``unless``. Whether it will
    do is said in the answer: no wrong one is for the public. What is a name is given in lower case, all else as it is.
    """
    with_name = named(make)

    def read(rest: str) -> T | None:
        if unless and rest.startswith(unless):
            return None
        return with_name(rest) or (make(without_end(rest)) if _is_one_word(rest) else None)

    return read


def new_name_invited(make: Callable[[str, str], T]) -> Reader[T]:
    """``name`` for somebody who is to be called so, then the code of an invitation. What looks like no code is none of
    this form: ``join us tonight``."""

    def read(rest: str) -> T | None:
        first, _, others = " ".join(without_end(rest).split()).partition(" ")
        code = invite.read(others)
        return None if code is None else new_name(lambda name: make(name, code))(first)

    return read


def maybe_named(make: Callable[[str | None], T]) -> Reader[T]:
    """``[name]``."""
    with_name = named(make)
    return lambda rest: with_name(rest) if without_end(rest) else make(None)


def named_or_all(make: Callable[[str | None], T]) -> Reader[T]:
    """``name | ALL``; ``@all`` would be a person."""
    with_name = named(make)
    return lambda rest: make(None) if without_end(rest).lower() == "all" else with_name(rest)


def tagged(make: Callable[[str], T]) -> Reader[T]:
    """``#tag``, given case-folded and without ``#``."""

    def read(rest: str) -> T | None:
        match text.parts(without_end(rest)):
            case [text.Tag(tag)]:
                return make(tag)
            case _:
                return None

    return read


def group(make: Callable[[str], T]) -> Reader[T]:
    """``!group``, named like a person. Any other word behind ``!`` was meant for one: it is given as an empty name."""

    def read(rest: str) -> T | None:
        if match := _GROUP.fullmatch(rest):
            return make(match[1].lower())
        return make("") if rest.startswith("!") and rest.strip("!. ") and _is_one_word(rest) else None

    return read


def tagged_or_group(make: Callable[[str], T]) -> Reader[T]:
    """``#tag | !group``, given as what is listened to: ``#lunch`` with the tag case-folded, ``!team``."""

    def of_group(name: str) -> T | None:
        return make(f"!{name}") if name else None

    return either(tagged(lambda tag: make(f"#{tag}")), group(of_group))


def group_text(make: Callable[[str, str], T]) -> Reader[T]:
    """``!group text``, also ``!group: text``: takes the whole message, and the text must be there."""

    def read(rest: str) -> T | None:
        match = _GROUP_FIRST.match(rest)
        return make(match[1].lower(), rest[match.end() :]) if match else None

    return read


def name_text(make: Callable[[str, str], T]) -> Reader[T]:
    """``name text``, also ``name: text``, ``name,text`` and the like, lest a private word becomes public over a comma.
    The text may be missing, so that who forgot it can be asked for it."""

    def read(rest: str) -> T | None:
        match = _ADDRESSEE.match(rest)
        return make(match[1].lower(), rest[match.end() :]) if match else None

    return read


def maybe_name_text(make: Callable[[str | None, str, str], T]) -> Reader[T]:
    """``[name] text``: the first word if it may be a name, what follows it, and all of it. Both may be missing."""

    def read(rest: str) -> T:
        match = _NAME_FIRST.match(rest)
        if match and (match.end() < len(rest) or rest[0] in "@＠"):
            return make(match[1].lower(), rest[match.end() :], rest)
        return make(None, rest, rest)

    return read


def some_text(make: Callable[[str], T]) -> Reader[T]:
    """``text``: anything, as it was written."""
    return lambda rest: make(rest) if rest else None


def word(make: Callable[[str], T]) -> Reader[T]:
    """``word``: one, given case-folded."""
    return lambda rest: make(without_end(rest).casefold()) if _is_one_word(rest) else None


def word_or_all(make: Callable[[str | None], T]) -> Reader[T]:
    """``word | ALL``."""
    with_word = word(make)
    return lambda rest: make(None) if without_end(rest).lower() == "all" else with_word(rest)


def one_of(meanings: Mapping[str, T]) -> Reader[T]:
    """One of these words, which are in capitals."""
    return lambda rest: meanings.get(without_end(rest).upper())


def either(one: Reader[T], other: Reader[T]) -> Reader[T]:
    """What the one reader takes, or else the other."""

    def read(rest: str) -> T | None:
        found = one(rest)
        return other(rest) if found is None else found

    return read


def number(make: Callable[[int], T]) -> Reader[T]:
    """A number. Whether it is one that will do is said in the answer: no wrong one is for the public. Of a very long
    one the first digits are enough."""
    return _matching(_NUMBER, lambda match: make(int(match[1][:_DIGITS_READ])))


def hours_long(make: Callable[[int], T]) -> Reader[T]:
    """The same, also ``8h``, ``8 hours`` and ``for 8 hours``."""
    return _matching(_HOURS_LONG, lambda match: make(int(match[1][:_DIGITS_READ])))


def code(make: Callable[[str], T]) -> Reader[T]:
    """4 to 12 letters and digits with a digit among them; given in lower case. Digits may stand in groups. Any other
    word alone was meant for a code, too, and is not for the public: it is given as an empty one."""

    def read(rest: str) -> T | None:
        digits = _DIGITS.fullmatch(rest)
        if match := _CODE.fullmatch(_BETWEEN_DIGITS.sub("", rest) if digits else rest):
            return make(match[1].lower())
        return make("") if digits or _is_one_word(rest) else None

    return read


def pin_text(make: Callable[[str, str], T]) -> Reader[T]:
    """``1234 text``: a PIN has 4 to 8 digits. The text may be missing: a PIN alone is not for the public either. Nor is
    any other word alone but OFF, as it was meant for one: it is given as an empty PIN."""

    def read(rest: str) -> T | None:
        if match := _PIN.match(rest):
            return make(match[1], rest[match.end() :])
        return make("", "") if _is_one_word(rest) and without_end(rest).upper() != "OFF" else None

    return read


def hours(make: Callable[[time, time], T], wrong: T) -> Reader[T]:
    """``22-7``, also with minutes (``22:30-6:45``) and by the twelve-hour clock (``10pm-7am``); ``wrong`` for what is
    written so but shows on no clock."""

    def read(rest: str) -> T | None:
        match = _HOURS.fullmatch(rest)
        start, until = (_clock(*match.group(1, 2, 3)), _clock(*match.group(4, 5, 6))) if match else (None, None)
        if start is None or until is None:
            return wrong if _HOURS_ALIKE.fullmatch(rest) else None
        return make(start, until)

    return read


def word_hour(word: str, make: Callable[[int | None], T], wrong: T) -> Reader[T]:
    """``word [hour]``: a full hour of the day (``18``, ``18:00``, ``6pm``), which may be missing; ``wrong`` for what is
    written so but is none."""
    pattern = re.compile(rf"(?ai:{word}(?:\s+(?:at\s+)?(?:{_CLOCK}|({_CLOCK_ALIKE})))?){_END}")

    def read(rest: str) -> T | None:
        match = pattern.fullmatch(rest)
        if match is None:
            return None
        if match[1] is None:
            return wrong if match[4] else make(None)
        shown = _clock(*match.group(1, 2, 3))
        return wrong if shown is None or shown.minute else make(shown.hour)

    return read


def question(make: Callable[[str, tuple[str, ...]], T]) -> Reader[T]:
    """``question / a / b``: 2 to 9 options between slashes, none of them empty."""

    def read(rest: str) -> T | None:
        asked, *options = (part.strip() for part in rest.split("/", 10))
        return make(asked, tuple(options)) if asked and 2 <= len(options) <= 9 and all(options) else None

    return read


def without_end(rest: str) -> str:
    """``rest`` without one final ``.`` or ``!`` and the space before it."""
    return rest[:-1].rstrip() if rest.endswith((".", "!")) else rest


def _is_one_word(rest: str) -> bool:
    return len(without_end(rest).split(maxsplit=1)) == 1


def _matching(pattern: re.Pattern[str], make: Callable[[re.Match[str]], T]) -> Reader[T]:
    def read(rest: str) -> T | None:
        match = pattern.fullmatch(rest)
        return make(match) if match else None

    return read


def _clock(hour: str, minute: str | None, half: str | None) -> time | None:
    """None for an hour that a twelve-hour clock does not show."""
    if half is None:
        return time(int(hour), int(minute or 0))
    if not 1 <= int(hour) <= 12:
        return None
    return time(int(hour) % 12 + (12 if half in "pP" else 0), int(minute or 0))
