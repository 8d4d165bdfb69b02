"""Reads settings classes out of a TOML table and the environment, and says in words what is wrong with either.

A settings class is a frozen dataclass or msgspec Struct. A field is a key; a field whose type is a settings class is a
section; one of type ``tuple[SettingsClass, ...]`` is an array of tables. A secret's value is never put into words, and
it may be given as ``KEY_file``, the path of a file that holds it.

In the environment a key is ``BIRDWIRE_`` and its path in capitals, joined by ``__``: ``BIRDWIRE_MAIL__INBOUND__PORT``,
``BIRDWIRE_SMS__SENDERS__0__NUMBER``; a list of plain values is split at commas. The environment wins over the file.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

PREFIX = "BIRDWIRE_"
OWN_NAMES = frozenset({"BIRDWIRE_CONFIG"})
"""Names under our prefix that are not keys: the path of the config file."""

SECRETS = frozenset({"secret_key", "auth_token", "auth_token_next", "password", "hook_secret", "url"})
"""Names of keys that hold a secret, in whatever section; ``url`` is the database's, which may hold a password."""

_PLATFORM = re.compile(r"BIRDWIRE_(SERVICE_|PORT($|_))")
"""What Kubernetes puts into the environment of a namespace with a service called birdwire."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
MISSING: Any = dataclasses.MISSING
"""The default of a key that must be given."""

T = TypeVar("T")
Path_ = tuple[str, ...]


class Unreadable(ValueError):
    """The settings say something they must not; ``problems`` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted path, type and default (``MISSING`` when it must be given)."""

    path: str
    type: Any
    default: Any
    secret: bool


@dataclass(frozen=True, slots=True)
class _Given:
    """A value and where it stands: ``name`` is what the operator wrote, a dotted path or a variable's name."""

    value: object
    name: str
    from_environment: bool


@dataclass(slots=True)
class _Reader:
    environment: dict[Path_, _Given] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def section(self, cls: type, table: object, path: Path_, base: Any = MISSING) -> Any:
        """The settings object of ``cls``, or None where a problem was noted. ``base`` is what the section above has
        in its place by default: what is not given is as there."""
        if not isinstance(table, Mapping):
            self.problems.append(f"{_dotted(path)} must be a section, [{_dotted(path)}]")
            return None
        fields, noted = _fields(cls, base), len(self.problems)
        known = [*fields, *(f"{name}_file" for name, f in fields.items() if f.secret)]
        for name in table:
            if name not in known:
                self.problems.append(f"{_dotted((*path, name))} is not a key{_suggestion(name, known)}")
        values = {name: self._field(f, table, (*path, name)) for name, f in fields.items()}
        if len(self.problems) > noted:
            return None
        return cls(**values)

    def _field(self, f: "_Field", table: Mapping[str, object], path: Path_) -> Any:
        if f.rows is not None:
            return self._rows(f, table.get(path[-1], []), path)
        if f.section is not None:
            return self._subsection(f, table, path)
        given = self._given(f, table, path)
        if given is None:
            if f.default is MISSING:
                self.problems.append(f"{_dotted(path)} is missing")
            return f.default
        try:
            return _convert(given.value, f.type, lax=given.from_environment)
        except (msgspec.ValidationError, ValueError):
            found = "" if f.secret else f" = {_shown(given.value)}"
            self.problems.append(f"{given.name}{found} is not allowed, it must be {allowed(f.type)}")
            return None

    def _subsection(self, f: "_Field", table: Mapping[str, object], path: Path_) -> Any:
        absent = path[-1] not in table and not any(p[: len(path)] == path for p in self.environment)
        if absent and f.default is not MISSING:
            return f.default
        return self.section(f.section, table.get(path[-1], {}), path, f.default)

    def _rows(self, f: "_Field", rows: object, path: Path_) -> Any:
        if not isinstance(rows, list):
            self.problems.append(f"{_dotted(path)} must be an array of tables, [[{_dotted(path)}]]")
            return None
        indexes = {int(p[len(path)]) for p in self.environment if p[: len(path)] == path}
        count = max([len(rows), *(index + 1 for index in indexes)])
        if gap := [i for i in range(len(rows), count) if i not in indexes]:
            self.problems.append(f"{_variable((*path, str(gap[0])))}__... is missing, rows are numbered without gaps")
            return None
        if not count:
            return f.default
        return tuple(
            self.section(f.rows, rows[index] if index < len(rows) else {}, (*path, str(index)))
            for index in range(count)
        )

    def _given(self, f: "_Field", table: Mapping[str, object], path: Path_) -> _Given | None:
        """What was given for a key: in the environment or else the file; as itself or else, for a secret, by file."""
        name, in_file = path[-1], (*path[:-1], f"{path[-1]}_file")
        from_table = {n: _Given(table[n], _dotted((*path[:-1], n)), False) for n in (name, in_file[-1]) if n in table}
        places = (
            (self.environment.get(path), self.environment.get(in_file) if f.secret else None),
            (from_table.get(name), from_table.get(in_file[-1]) if f.secret else None),
        )
        for plain, by_file in places:
            if plain is not None and by_file is not None:
                self.problems.append(f"{plain.name} and {by_file.name} are both given, one of them is enough")
            if plain is not None:
                return plain
            if by_file is not None:
                return self._from_file(by_file)
        return None

    def _from_file(self, given: _Given) -> _Given | None:
        try:
            text = Path(str(given.value)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            self.problems.append(f"{given.name} = {_shown(given.value)} cannot be read: {reason}")
            return _Given("", given.name, True)
        if not text:
            self.problems.append(f"{given.name} = {_shown(given.value)} is an empty file")
        return _Given(text, given.name, True)


def read(cls: type[T], table: Mapping[str, object], environ: Mapping[str, str]) -> T:
    """``cls`` filled from a parsed TOML ``table`` and the variables ``environ``. Raises Unreadable: all problems."""
    reader = _Reader()
    reader.environment = _from_environment(cls, environ, reader.problems)
    settings = reader.section(cls, table, ())
    if reader.problems:
        raise Unreadable(reader.problems)
    return typing.cast("T", settings)


def keys(cls: type, path: Path_ = ()) -> Iterator[Key]:
    """Every key under ``cls``, in order; a row of an array of tables is written without its number."""
    for name, f in _fields(cls).items():
        below = (*path, name)
        if nested := f.section or f.rows:
            yield from keys(nested, below)
        else:
            yield Key(_dotted(below), f.type, f.default, f.secret)


def parse_duration(value: object) -> timedelta:
    """``"90s"``, ``"1h 30m"``, ``"2d"``, or a number of seconds. Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return timedelta(seconds=value)
    if not isinstance(value, str):
        raise ValueError("not a duration")
    text = value.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return timedelta(seconds=float(text))
    if not re.fullmatch(rf"(?:{_DURATION.pattern}\s*)+", text):
        raise ValueError("not a duration")
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text)))


def allowed(kind: Any) -> str:
    """What a value of this type must be, in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is typing.Annotated:
        return allowed(arguments[0]) + _bounds(arguments[1:])
    if origin is Literal:
        return "one of " + ", ".join(_shown(choice) for choice in arguments)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(_shown(choice.value) for choice in kind)
    if origin in (tuple, list, frozenset, set):
        return f"a list, each {allowed(arguments[0])}"
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        timedelta: 'a length of time such as "30s", "15m", "2h" or "2d"',
    }
    return words[kind]


@dataclass(frozen=True, slots=True)
class _Field:
    type: Any
    default: Any
    secret: bool
    section: Any
    rows: Any


def _fields(cls: type, base: Any = MISSING) -> dict[str, _Field]:
    hints = typing.get_type_hints(cls, include_extras=True)
    found = {}
    for name, own in _defaults(cls):
        kind = hints[name]
        default = getattr(base, name) if isinstance(base, cls) else own
        options = get_args(kind) if get_origin(kind) in (types.UnionType, typing.Union) else (kind,)
        section = next((option for option in options if _is_settings(option)), None)
        element = get_args(kind)[0] if get_origin(kind) is tuple else None
        rows = element if _is_settings(element) else None
        found[name] = _Field(kind, default, name in SECRETS, section, rows)
    return found


def _defaults(cls: Any) -> Iterator[tuple[str, Any]]:
    described: Iterable[Any] = (
        msgspec.structs.fields(cls) if issubclass(cls, msgspec.Struct) else dataclasses.fields(cls)
    )
    none = (MISSING, msgspec.NODEFAULT)
    for f in described:
        if f.default not in none:
            yield f.name, f.default
        else:
            yield f.name, MISSING if f.default_factory in none else f.default_factory()


def _is_settings(kind: Any) -> bool:
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct))


def _from_environment(cls: type, environ: Mapping[str, str], problems: list[str]) -> dict[Path_, _Given]:
    found: dict[Path_, _Given] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in OWN_NAMES or _PLATFORM.match(variable):
            continue
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        if _names_a_key(cls, path):
            found[path] = _Given(environ[variable], variable, True)
        else:
            known = {_variable(tuple(key.path.split("."))) for key in keys(cls)}
            problems.append(f"{variable} is not a setting{_suggestion(variable, sorted(known))}")
    return found


def _names_a_key(cls: type, path: Path_) -> bool:
    name, *rest = path
    fields = _fields(cls)
    if not rest:
        f = fields.get(name) or fields.get(name.removesuffix("_file"))
        leaf = f is not None and f.section is None and f.rows is None
        return leaf and f is not None and (name in fields or f.secret)
    f = fields.get(name)
    if f is None:
        return False
    if f.section is not None:
        return _names_a_key(f.section, tuple(rest))
    index, *below = rest
    return f.rows is not None and bool(below) and index.isdecimal() and _names_a_key(f.rows, tuple(below))


def _convert(value: object, kind: Any, *, lax: bool) -> Any:
    bare = get_args(kind)[0] if get_origin(kind) is typing.Annotated else kind
    if bare is timedelta:
        return parse_duration(value)
    if lax and get_origin(bare) in (tuple, list, frozenset, set):
        value = [part.strip() for part in str(value).split(",") if part.strip()]
    return msgspec.convert(value, kind, strict=not lax)


def _bounds(constraints: tuple[Any, ...]) -> str:
    for meta in constraints:
        if isinstance(meta, msgspec.Meta):
            match meta:
                case msgspec.Meta(ge=int() | float() as low, le=int() | float() as high):
                    return f" from {low} to {high}"
                case msgspec.Meta(ge=int() | float() as low):
                    return f" of {low} or more"
                case msgspec.Meta(gt=int() | float() as low):
                    return f" above {low}"
                case _:
                    return ""
    return ""


def _dotted(path: Path_) -> str:
    """``("sms", "senders", "0", "number")`` as ``sms.senders[0].number``."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", ".".join(path))


def _variable(path: Path_) -> str:
    return PREFIX + "__".join(path).upper()


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else f", known are {', '.join(known)}" if len(known) <= 12 else ""
