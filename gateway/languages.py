"""Reads the languages that there are, once.

English stands in the code and the templates; each other language is one file of gettext, ``gateway/locale/CODE.po``.
``docs/translating.md`` tells how one comes to be.
"""

from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from gateway.domain.speech import ENGLISH, Language, Languages


def languages(default: str = ENGLISH.code) -> Languages:
    """All of them, English first and the others by their own names. ``default`` is one of :func:`codes`."""
    known = _known()
    return Languages(known, known[default])


def codes() -> tuple[str, ...]:
    """What they are called for short, without reading them."""
    return (ENGLISH.code, *sorted(_code(file) for file in _files()))


@cache
def _known() -> dict[str, Language]:
    found = [_language(_code(file), file.read_bytes()) for file in _files()]
    return {each.code: each for each in (ENGLISH, *sorted(found, key=lambda language: language.name))}


def _files() -> list[Traversable]:
    return [file for file in files("gateway").joinpath("locale").iterdir() if file.name.endswith(".po")]


def _code(file: Traversable) -> str:
    return file.name.removesuffix(".po").lower()


def _language(code: str, po: bytes) -> Language:
    translations = _read(po, code)
    return Language(code, _own_name(code), translations.gettext, translations.ngettext)


def _read(po: bytes, code: str) -> NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(po), locale=code.replace("-", "_")))
    compiled.seek(0)
    return Translations(compiled)


def _own_name(code: str) -> str:
    try:
        name = Locale.parse(code, sep="-").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        name = code
    return name[:1].upper() + name[1:]
