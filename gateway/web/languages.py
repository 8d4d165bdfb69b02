"""The words of pages in the reader's language: their setting, else what their browser asks for, else English.

English stands in the code and the templates; each other language is one file of gettext beside them,
``gateway/web/locale/CODE.po``, read when the daemon starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its code (BCP 47), what it calls itself, and how it puts what English says."""

    code: str
    name: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]


class Languages:
    """Every language there is, read once."""

    def __init__(self) -> None:
        self._all = {ENGLISH: _words(ENGLISH, NullTranslations())}
        for file in files("gateway.web").joinpath("locale").iterdir():
            if file.name.endswith(".po"):
                code = file.name.removesuffix(".po")
                self._all[code] = _words(code, _read(file.read_bytes(), code))

    @property
    def all(self) -> list[Words]:
        """English first, the others by their own names."""
        return sorted(self._all.values(), key=lambda words: (words.code != ENGLISH, words.name))

    def of(self, chosen: str | None, accepted: str) -> Words:
        """The language that somebody chose, or the best one that ``Accept-Language`` names (RFC 9110 12.5.4)."""
        if chosen in self._all:
            return self._all[chosen]
        for code in _preferred(accepted):
            for candidate in (code, code.partition("-")[0]):
                if candidate in self._all:
                    return self._all[candidate]
        return self._all[ENGLISH]


def _words(code: str, translations: NullTranslations) -> Words:
    try:
        name = Locale.parse(code, sep="-").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        name = code
    return Words(code, name[:1].upper() + name[1:], translations.gettext, translations.ngettext)


def _read(po: bytes, code: str) -> NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(po), locale=code.replace("-", "_")))
    compiled.seek(0)
    return Translations(compiled)


def _preferred(accepted: str) -> list[str]:
    """The languages that a browser asks for, the best first."""
    found: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        code, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.partition("=")[2] or 1)
        except ValueError:
            weight = 0
        if code and code != "*" and weight > 0:
            found.append((-weight, code.strip().lower()))
    return [code for _, code in sorted(found, key=lambda each: each[0])]
