"""The configuration of an experiment: all its settings, read from a TOML file and `--set`.

A file names only what is to differ from the paper's experiment, and `--set training.epochs=5`
changes a single setting after that:

    [data]
    source = "photos"        # a path is relative to the current folder, as on the command line

    [training]
    epochs = 10

What can be set, and what it may be, stands in settings.py; examples/paper.toml lists all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.training.settings import (
    DataSettings,
    NetworkSettings,
    Settings,
    TrainingSettings,
    shown,
)

__all__ = [
    "Configuration",
    "DataSettings",
    "NetworkSettings",
    "TrainingSettings",
    "configuration_from_dict",
    "load_configuration",
    "with_overrides",
]

SECTIONS: dict[str, type[Settings]] = {
    cls.section: cls for cls in (DataSettings, NetworkSettings, TrainingSettings)
}
SETTINGS = [f"{name}.{key}" for name, cls in SECTIONS.items() for key in cls.names()]
PLAIN = re.compile(r'0|[1-9][0-9]{0,17}|"[ !#-\[\]-~]*"')
LARGEST_FILE = 1_000_000  # bytes; a configuration has hundreds


@dataclass(frozen=True)
class Configuration:
    """All settings of an experiment, and where they came from (which makes no difference)."""

    data: DataSettings = field(default_factory=DataSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    origin: str = field(default="built-in defaults", compare=False)  # or the file's name

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """As tables of numbers, texts and lists; `configuration_from_dict` reads them back."""
        return {name: getattr(self, name).as_dict() for name in SECTIONS}


def load_configuration(path: Path | None = None, overrides: Sequence[str] = ()) -> Configuration:
    """The defaults, changed by a TOML file, changed by overrides such as "training.epochs=5".

    An override's value is read as TOML or, where it is none, as a plain text, so that
    `data.source=sketches` needs no quotes.  Where the file lists layers, a preset in the
    overrides takes their place.

    Raises:
        UserError: a file that cannot be read or is no TOML; an unknown table or key; a value of
            the wrong kind; settings that contradict each other.
    """
    configuration = Configuration()
    if path is not None:
        configuration = _changed(replace(configuration, origin=str(path)), _read(path), str(path))
    return with_overrides(configuration, overrides)


def with_overrides(configuration: Configuration, overrides: Sequence[str]) -> Configuration:
    """The configuration, changed by overrides such as "training.epochs=5"."""
    for text in overrides:
        configuration = _changed(configuration, _override(text), "--set")
    return _consistent(configuration)


def configuration_from_dict(tables: Mapping[str, Any], where: str) -> Configuration:
    """The configuration that `Configuration.as_dict` describes; what is missing is the default.

    Raises:
        UserError: beginning with `where`, the file's name; as `load_configuration`.
    """
    return _consistent(_changed(Configuration(origin=where), tables, where))


def _changed(start: Configuration, tables: Mapping[str, Any], where: str) -> Configuration:
    sections = {}
    for name, table in tables.items():
        _check_table(name, table, where)
        try:
            sections[name] = getattr(start, name).changed(table)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
    return replace(start, **sections)


def _check_table(name: str, table: Any, where: str) -> None:
    """Raise UserError unless there is such a table, with such keys."""
    if name not in SECTIONS:
        is_table = isinstance(table, dict)
        what = f"table [{_key(name)}]" if is_table else f"setting {_key(name)} outside of tables"
        choice = nearest(name, [*SECTIONS] if is_table else SETTINGS)
        raise UserError(f"{where}: there is no {what}; {choice}")
    if not isinstance(table, dict):
        raise UserError(f"{where}: {name} must be a table, [{name}], not {shown(table)}")
    known = SECTIONS[name].names()
    for key in table:
        if key not in known:
            choice = nearest(key, known)
            raise UserError(f"{where}: there is no setting {name}.{_key(key)}; {choice}")


def _key(name: str) -> str:
    """A key as it is written: in quotes unless it is a plain word."""
    return name if name.isidentifier() and len(name) <= 40 else shown(name)


def _consistent(configuration: Configuration) -> Configuration:
    """The configuration itself; UserError where its settings contradict each other."""
    data, training, where = configuration.data, configuration.training, configuration.origin
    if training.patience and not data.validation_samples:
        raise UserError(
            f"{where}: training.patience = {training.patience} needs validation images; "
            "set data.validation_samples = 300, or training.patience = 0"
        )
    try:
        configuration.network.check()
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return configuration


def _read(path: Path) -> dict[str, Any]:
    """The tables of a TOML file."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # a ValueError for "\0" in the name
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read ({reason}); give a TOML file") from None
    if len(content) > LARGEST_FILE:
        raise UserError(
            f"{path}: more than {LARGEST_FILE:,} bytes are no configuration; give a TOML file "
            f"with the tables {', '.join(f'[{name}]' for name in SECTIONS)}"
        )
    return _parse(_decode(content, path), path)


def _decode(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors put a byte order mark in front
    except UnicodeDecodeError as error:
        line, byte = error.object.count(b"\n", 0, error.start) + 1, error.object[error.start]
        raise UserError(
            f"{path}, line {line}: the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        ) from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault, _, place = str(error).rpartition(" (at ")
        raise UserError(
            f"{path}, {place.removesuffix(')')}: {fault}; texts stand in quotes, names of tables "
            "in [brackets]"
        ) from None
    except (ValueError, RecursionError):
        raise UserError(
            f"{path}: a number of thousands of digits or lists nested hundreds deep are no "
            "configuration; take them out"
        ) from None


def _override(text: str) -> dict[str, dict[str, Any]]:
    """An override, "training.epochs=5", as the tables of a file."""
    name, sign, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not sign or not dot:
        raise UserError(f"--set: {_no_override(text, name.strip())}")
    return {section: {key: _toml_value(value.strip())}}


def _no_override(text: str, name: str) -> str:
    if name in SETTINGS:
        return f"{name} has no value; write {name}=VALUE"
    if name in SECTIONS:
        keys = SECTIONS[name].names()
        return f"{name} is a table; set one of {', '.join(keys)}, as {name}.{keys[0]}=VALUE"
    choice = nearest(name, SETTINGS)
    return f"{shown(text)} is not SECTION.KEY=VALUE, as training.epochs=5 is; {choice}"


def _toml_value(text: str) -> Any:
    """The value that this text is in TOML; the text itself where it is none."""
    if PLAIN.fullmatch(text):  # a number or a text that needs no parser, as mostly
        return text[1:-1] if text[0] == '"' else int(text)
    import tomllib

    try:
        tables = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return tables["value"] if len(tables) == 1 else text  # more than a value is no value
