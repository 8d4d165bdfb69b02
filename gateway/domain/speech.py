"""In which language words are put, on pages, by text and by mail.

English stands in the code, as templates. What other languages make of them is read by the roof (``gateway.languages``)
and handed down as :class:`Languages`; here is which of them is spoken at the moment:

    with languages.speaking(account.language):
        say("You are {name} now.", name=name)                             -> 'Du heißt jetzt ann.'
        counted("{n} post", "{n} posts", 2)                               -> '2 Beiträge'

Words belong to whoever gets them. So whoever makes words for somebody speaks that person's language first, in a block
that ends with their words; after it, whatever happened in it, the language is what it was before. Outside of any block
it is English. It is kept for each task by itself, so people who are served at the same time never hear each other's.

A template is a literal at its call, where ``make words`` finds it: never an f-string, never a variable. Where a literal
cannot be said at once, as in a table, ``mark`` lets it be found.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language: its code (BCP 47, lower-case), and how it puts what English says. There is one of each, so it is
    quickly compared."""

    code: str
    gettext: Callable[[str], str] = field(repr=False)
    ngettext: Callable[[str, str, int], str] = field(repr=False)


Words = Callable[[], str]
"""Words that are yet to be put in the language of whoever gets them."""


def _either(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


ENGLISH = Language("en", lambda template: template, _either)

_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


@dataclass(frozen=True, slots=True)
class Languages:
    """Those that there are, by their codes; ``default`` is spoken to whoever has chosen none."""

    by_code: Mapping[str, Language] = field(default_factory=lambda: {ENGLISH.code: ENGLISH})
    default: Language = ENGLISH

    def of(self, code: str | None) -> Language:
        """The one that somebody has chosen, if it is there."""
        return self.by_code.get(code or "", self.default)

    def speaking(self, code: str | None) -> "Speaking":
        """A block in which the language is the one that somebody has chosen."""
        return Speaking(self.of(code))

    def said(self, words: Words, code: str | None) -> str:
        """The words in the language that somebody has chosen."""
        with self.speaking(code):
            return words()

    def in_each(self, words: Words) -> list[str]:
        """The same words in every language."""
        return [self.said(words, code) for code in self.by_code]


class Speaking:
    """A block in which this language is spoken."""

    __slots__ = ("_before", "_language")

    def __init__(self, language: Language) -> None:
        self._language = language

    def __enter__(self) -> None:
        self._before: Token[Language] = _spoken.set(self._language)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _spoken.reset(self._before)


def spoken() -> Language:
    """The language of the moment."""
    return _spoken.get()


def say(template: str, /, **values: object) -> str:
    """The template in the language of the moment, ``values`` in the place of their names in braces."""
    words = _spoken.get().gettext(template)
    return words.format(**values) if values else words


def counted(one: str, many: str, number: int, /, **values: object) -> str:
    """The template for this number, which stands for ``{n}``: ``counted("{n} post", "{n} posts", 2)``."""
    return _spoken.get().ngettext(one, many, number).format(n=number, **values)


def mark(template: str) -> str:
    """The template as it is; it is said later. So it is found among what is to be translated."""
    return template
