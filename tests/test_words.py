"""What is to be translated is found, and is translated: whole, with all that must stand in it, and nothing besides."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter

import jinja2
import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po
from jinja2 import nodes

from gateway.domain.command_table import TABLE
from gateway.domain.speech import Speaking, counted, say
from gateway.languages import languages
from gateway.languages import read as read_language

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted((ROOT / "gateway" / "web" / "templates").rglob("*.html"))
CATALOGUES = sorted((ROOT / "gateway" / "locale").glob("*.po"))
PYTHON = [path for package in ("gateway", "inbound", "outbound", "store") for path in (ROOT / package).rglob("*.py")]
SAYING = {"say": 1, "mark": 1, "counted": 2}
"""How many templates each of these takes."""

Id = str | tuple[str, ...]


@cache
def to_translate() -> frozenset[Id]:
    """What ``make words`` finds, found as it finds it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods: list[tuple[str, str]] = []
    options: dict[str, dict[str, object]] = {}
    for mapping in mappings:
        patterns = mapping["pattern"] if isinstance(mapping["pattern"], list) else [mapping["pattern"]]
        given = {key: value for key, value in mapping.items() if key not in {"method", "pattern"}}
        if "keywords" in given:
            given["keywords"] = parse_keywords(given["keywords"])
        for pattern in patterns:
            methods.append((pattern, mapping["method"]))
            options[pattern] = given
    found = {
        tuple(message) if isinstance(message, (tuple, list)) else message
        for _, _, message, _, _ in extract_from_dir(ROOT, methods, options)
    }
    counted_too = {
        each[0] for each in found if isinstance(each, tuple)
    }  # of one word that is also counted there is one
    return frozenset(found - counted_too)


def read(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()), locale=path.stem.replace("-", "_"))


def named(path: Path) -> str:
    return path.name


def messages(catalogue: Catalog) -> Iterator[tuple[Message, tuple[str, ...], tuple[str, ...]]]:
    """Each message with its ids and what they are in the other language, as many as its numbers ask for."""
    for message in catalogue:
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            yield message, ids, (message.string,) if isinstance(message.string, str) else tuple(message.string)


def places(words: str) -> set[str]:
    """What is to be put into a template: ``{name}`` where it is said, ``%(name)s`` on pages."""
    braced = {name for _, name, _, _ in Formatter().parse(words) if name is not None} if "{" in words else set()
    return braced | set(re.findall(r"%\((\w+)\)s", words))


def test_there_is_german() -> None:
    assert languages("de").default.code == "de"
    assert next(iter(languages().by_code)) == "en"


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_a_language_has_all_there_is_to_say_and_nothing_that_nobody_says(path: Path) -> None:
    catalogue = read(path)
    known = {ids if len(ids) > 1 else ids[0] for _, ids, _ in messages(catalogue)}
    assert sorted(to_translate() - known, key=str) == [], "make words finds more"
    assert sorted(known - to_translate(), key=str) == [], "make words finds less"
    assert not catalogue.obsolete


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_every_word_is_translated_and_sure(path: Path) -> None:
    catalogue = read(path)
    for message, ids, said in messages(catalogue):
        assert not message.fuzzy, ids
        assert len(said) == (catalogue.num_plurals if len(ids) > 1 else 1), ids
        assert all(said), ids


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_what_is_put_into_a_template_is_put_into_its_translation_too(path: Path) -> None:
    for _, ids, said in messages(read(path)):
        for words in said:
            assert places(words) <= set().union(*map(places, ids)), (ids, words)
        for each, words in zip(ids[-1:], said[-1:], strict=True):
            assert places(each) == places(words), (ids, words)
        assert places(ids[0]) <= places(said[0]), ids


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_a_translation_has_the_same_markup_and_the_same_ends(path: Path) -> None:
    for _, ids, said in messages(read(path)):
        for words in said:
            of = ids[0] if words == said[0] else ids[-1]
            assert sorted(re.findall(r"<[^>]*>|&\w+;|%%", of)) == sorted(re.findall(r"<[^>]*>|&\w+;|%%", words)), words
            assert re.findall(r"^\s*|\s*$", of) == re.findall(r"^\s*|\s*$", words), words


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_commands_are_called_the_same_in_every_language(path: Path) -> None:
    commands = {word for row in TABLE for words in row.words for word in words.split() if len(word) > 1}
    commands |= {"HOURLY", "DAILY", "CLOSE", "ALL", "D", "R", "Y"}
    for _, ids, said in messages(read(path)):
        wanted = {word for word in re.findall(r"\b[A-Z]+\b", ids[0]) if word in commands}
        for words in said:
            assert wanted <= set(re.findall(r"\b[A-Z]+\b", words)), (ids[0], words)


def test_every_template_that_is_said_is_a_literal_and_is_found() -> None:
    """A call inside an f-string, say, is not found by every Python's tokens."""
    found = {word for each in to_translate() for word in ((each,) if isinstance(each, str) else each)}
    said = 0
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                for argument in node.args[: SAYING[node.func.id]]:
                    assert not isinstance(argument, ast.JoinedStr), (path, node.lineno)
                    if isinstance(argument, ast.Constant):
                        said += 1
                        assert argument.value in found, (path, node.lineno, argument.value)
    assert said > 300


RAW_ALLOWED = frozenset({"RSS", "Atom", "JSON", "Feed", "QR"})
SHOWN = re.compile(r"""\b(?:title|alt|aria-label|placeholder|data-go-on)="([^"]*)\"""")


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_word_stands_on_a_page_that_is_not_said(path: Path) -> None:
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    source = path.read_text()
    outside = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", " ", source, flags=re.DOTALL)
    data = "".join(words if kind == "data" else "\x00" for _, kind, words in environment.lex(outside))
    shown = [
        *SHOWN.findall(data),
        re.sub(r"<(style|script|code)\b.*?</\1>|<!?[a-z/][^>]*>", " ", data, flags=re.DOTALL | re.I),
    ]
    for words in shown:
        left = set(re.findall(r"[^\W\d_]{2,}", re.sub(r"""&\w+;|\x00|[a-z-]+="[^"]*\"""", " ", words)))
        assert left <= RAW_ALLOWED, left


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_words_are_handed_round_on_a_page_that_are_not_said(path: Path) -> None:
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for words in _unsaid(environment.parse(path.read_text())):
        assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", words), words


def _unsaid(node: nodes.Node) -> Iterator[str]:
    """The strings in the expressions of a page, but for those that are said."""
    if (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name
        in {
            "_",
            "gettext",
            "ngettext",
        }
    ):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        if not (isinstance(node, nodes.Output) and isinstance(child, nodes.TemplateData)):
            yield from _unsaid(child)


PO = r"""
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);"

msgid "You are {name} now."
msgstr "%s"

msgid "{n} post"
msgid_plural "{n} posts"
msgstr[0] "%s"
msgstr[1] "{n} Beiträge"

msgid "A post of %%(author)s"
msgstr "%s"
"""


@pytest.mark.parametrize(
    "broken", ["Du {nam}", "Du {name.__class__}", "Du {", "Du }", "Du {0}", "Du {name!x}", "Du {name:q}"]
)
def test_a_translation_that_cannot_be_put_together_is_passed_over(broken: str) -> None:
    spoken = read_language("de", (PO % (broken, broken, "%(autor)s")).encode())
    with Speaking(spoken):
        assert say("You are {name} now.", name="ann") == "You are ann now."
        assert counted("{n} post", "{n} posts", 2) == "2 posts"
    assert spoken.gettext("A post of %(author)s") == "A post of %(author)s"


def test_a_sound_translation_is_said() -> None:
    spoken = read_language("de", (PO % ("{name} bist du.", "{n} Beitrag", "Von %(author)s")).encode())
    with Speaking(spoken):
        assert say("You are {name} now.", name="ann") == "ann bist du."
        assert [counted("{n} post", "{n} posts", n) for n in (1, 2)] == ["1 Beitrag", "2 Beiträge"]
    assert spoken.gettext("A post of %(author)s") == "Von %(author)s"
