"""Reads the languages that there are, once.

English stands in the code and the templates; each other language is one file of gettext, ``gateway/locale/CODE.po``.
``docs/translating.md`` tells how one comes to be. Tests hold the files to what must stand in them; a file that came by
without them does no harm: a translation that could not be put together is passed over, and English is said.
"""

import re
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from string import Formatter

from babel.messages import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from gateway.domain.speech import ENGLISH, Language, Languages

_NAMED = re.compile(r"%\((\w+)\)s")


def languages(default: str = ENGLISH.code) -> Languages:
    """All of them, English first. ``default`` is one of :func:`codes`."""
    known = _known()
    return Languages(known, known[default])


def codes() -> tuple[str, ...]:
    """What they are called for short, without reading them."""
    return (ENGLISH.code, *sorted(_code(file) for file in _files()))


@cache
def _known() -> dict[str, Language]:
    found = (read(_code(file), file.read_bytes()) for file in _files())
    return {ENGLISH.code: ENGLISH} | {each.code: each for each in found}


def _files() -> list[Traversable]:
    return [file for file in files("gateway").joinpath("locale").iterdir() if file.name.endswith(".po")]


def _code(file: Traversable) -> str:
    return file.name.removesuffix(".po").lower()


def read(code: str, po: bytes) -> Language:
    """The language whose file has these bytes."""
    catalogue = read_po(BytesIO(po), locale=code.replace("-", "_"))
    for message in catalogue:
        if message.id and not _is_sound(message):
            message.string = ""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations: NullTranslations = Translations(compiled)
    return Language(code, translations.gettext, translations.ngettext)


def _is_sound(message: Message) -> bool:
    """Whether all that is put into a template, and nothing else, can be put into its translations."""
    ids = (message.id,) if isinstance(message.id, str) else message.id
    strings = (message.string,) if isinstance(message.string, str) else message.string or ()
    try:
        if any("{" in each for each in ids):
            known = set().union(*(_braced(each) for each in ids))
            return all(_braced(each) <= known for each in strings)
        named = dict.fromkeys(_NAMED.findall(" ".join(ids)), "")
        return not named or all(each % named is not None for each in strings)
    except (KeyError, ValueError, TypeError):
        return False


def _braced(words: str) -> set[tuple[str, str | None, str | None]]:
    """What is to be put between braces, each with how. Raises ValueError."""
    return {(name, how, kind) for _, name, how, kind in Formatter().parse(words) if name is not None}
