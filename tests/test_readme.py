"""What the words of this project name is there: modules, functions, tables, files, links, commands, settings, jobs."""

import re
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from gateway.cli import main
from gateway.config import Config
from gateway.settings import keys
from store.schema import metadata

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PACKAGES = ("gateway", "inbound", "outbound", "store")

DOTTED = re.compile(rf"(?<![\w/.:`@])`?((?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+)(?!\.\w|[\w/])")
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|lock|py|yaml)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
NOT_HERE = {"config.toml", "/feeds/TOKEN/", "__init__.py"}
"""Files that somebody makes by using Birdwire, and what only looks like one."""

COMMAND = re.compile(r"(?:^ +|`|/)birdwire((?: +[a-z]+)+)", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def exists(name: str) -> bool:
    """Whether a dotted name is a module, something in one, or a key of the settings."""
    if name in {key.path for key in keys(Config)}:
        return True
    *above, last = name.split(".")
    path = ROOT.joinpath(*above, last)
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    for at in range(1, len(above) + 1):
        if ROOT.joinpath(*above[:at]).with_suffix(".py").is_file():
            found: object = import_module(".".join(above[:at]))
            for part in (*above[at:], last):
                found = getattr(found, part, None)
            return found is not None
    return False


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the sites that show Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_module_and_function_that_is_named_exists(page):
    missing = {name for name in DOTTED.findall(text_of(page)) if not exists(name)}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_column_that_is_named_exists(page):
    for name in IN_BACKTICKS.findall(text_of(page)):
        table, _, column = name.partition(".")
        if table in metadata.tables and column.isidentifier():
            assert column in metadata.tables[table].columns, name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_named_exists(page):
    files = {name for name in IN_BACKTICKS.findall(text_of(page)) if FILE.fullmatch(name)} - NOT_HERE
    assert not {name for name in files if not (ROOT / name).exists()}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(text_of(page)):
        if "://" in target:
            continue
        path, _, anchor = unquote(target).partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.is_file(), target
        assert not anchor or anchor in anchors(to), target


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_is_named_exists(page):
    for words in COMMAND.findall(text_of(page)):
        command: click.Command = main
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            inner = command.get_command(click.Context(command), word)
            assert inner is not None, f"birdwire{words}"
            command = inner


def test_the_drawing_names_tables_that_exist():
    drawing = text_of(ROOT / "README.md").partition("## An SMS arrives")[2].partition("\n## ")[0]
    named_tables = re.findall(r"(?:INSERT|UPDATE) ([a-z_]+)", drawing)
    assert len(named_tables) > 5
    assert set(named_tables) <= set(metadata.tables)


def test_every_module_has_its_place_in_the_architecture():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py" and "migrations" not in path.parts
    }
    missing = modules - set(DOTTED.findall(text_of(ROOT / "docs" / "architecture.md")))
    assert not missing, "give each a few words in docs/architecture.md"


def test_what_pre_commit_runs_is_what_make_lint_runs():
    makefile = text_of(ROOT / "Makefile")
    linters = set(re.findall(r"^\t\$\(BIN\)/(.+)$", makefile.partition("lint:")[2].partition("\n\n")[0], re.MULTILINE))
    hooks = set(re.findall(r"entry: \.venv/bin/(.+)$", text_of(ROOT / ".pre-commit-config.yaml"), re.MULTILINE))
    assert {linter.removesuffix(" .") for linter in linters} == hooks


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^(\w+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"(?:^ +|`)make (\w+)(?=`|  )", text_of(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "pictures").glob("*.png")), ids=named)
def test_pictures_are_small_and_shown(picture):
    assert picture.stat().st_size < 150_000
    assert f"({named(picture)})" in text_of(ROOT / "README.md")
