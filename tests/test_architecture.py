"""The house stands as drawn: what import-linter checks, and what it does not see."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "inbound", "outbound", "store")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_import_linter_keeps_every_contract():
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_every_module_of_the_gateway_stands_on_a_named_floor():
    floors = next(contract for contract in CONTRACTS if contract["type"] == "layers")["layers"]
    on_a_floor = {name.strip() for floor in floors for name in floor.replace("|", ":").split(":")}
    rooms = {path.parent if path.name == "__init__.py" else path for path in (ROOT / "gateway").glob("*/__init__.py")}
    modules = {path for path in (ROOT / "gateway").glob("*.py") if path.name != "__init__.py"}
    assert {f"gateway.{path.stem}" for path in rooms | modules} == {n for n in on_a_floor if n.startswith("gateway.")}


@pytest.mark.parametrize("path", [p for package in PACKAGES for p in (ROOT / package).rglob("__init__.py")], ids=named)
def test_a_package_says_what_it_is_and_nothing_else(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "it has no docstring"
    assert len(tree.body) == 1, "it holds more than its docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "gateway" / "domain").glob("*.py")), ids=named)
def test_the_rules_use_the_standard_library_only(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("gateway.domain"), name
