"""What can be set: the settings of the data, the network and the training.

Three small classes, one for each table of a configuration file.  Every setting stands there with
its default, the paper's, and with its kind: what it may be, in words and as a test.  An object of
these classes that exists is valid, since it is checked when it is made, by whomever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any, ClassVar, Self, TypeVar

from verypoorcnn.data.dataset import MAX_CLASSES, is_name
from verypoorcnn.data.splits import SELECTIONS
from verypoorcnn.engines import ENGINES
from verypoorcnn.errors import UserError, visible
from verypoorcnn.network.network import Network, network_from_settings
from verypoorcnn.network.presets import PRESETS, preset

LARGEST_WHOLE = 2**63 - 1  # what TOML promises for whole numbers
ALL = "all"  # how "no limit" is written where None cannot be

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """What a setting may be: in words, as a test, and how it is kept when it comes from a file."""

    words: str  # after "must be"
    fits: Callable[[Any], bool]  # asked of the kept value
    keep: Callable[[Any], Any] = lambda value: value


def whole(least: int) -> Kind:
    """A whole number of at least `least`."""
    return Kind(f"a whole number of at least {least}", lambda value: _is_whole(value, least))


def whole_or_all(least: int) -> Kind:
    """A whole number, or "all", which is kept as None."""
    return Kind(
        f'a whole number of at least {least} or "{ALL}"',
        lambda value: value is None or _is_whole(value, least),
        lambda value: None if value == ALL else value,
    )


def one_of(names: Collection[str]) -> Kind:
    """One of these texts."""
    words = " or ".join(f'"{name}"' for name in names)
    return Kind(words, lambda value: isinstance(value, str) and value in names)


def _is_whole(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= LARGEST_WHOLE


def _is_text(value: Any) -> bool:
    """One line that can be printed and can be the name of a file."""
    if not isinstance(value, str) or len(value.splitlines()) != 1:
        return False
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and is_name(value)


def _are_names(value: Any) -> bool:
    if not isinstance(value, tuple) or not all(map(_is_name, value)):
        return False
    return len(set(value)) == len(value) <= MAX_CLASSES and len(value) != 1


def _are_tables(value: Any) -> bool:
    if not isinstance(value, tuple) or not all(isinstance(table, dict) for table in value):
        return False
    return not any(map(_is_beyond, value))


def _is_beyond(value: Any) -> bool:
    """Whether a number too large for TOML stands in it; only a hexadecimal one can."""
    if isinstance(value, dict | list):
        return any(map(_is_beyond, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) > LARGEST_WHOLE


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


TEXT = Kind("one line of at least one character", _is_text)
TRUTH = Kind("true or false", lambda value: isinstance(value, bool))
POSITIVE = Kind(
    "a finite number above 0",
    lambda value: isinstance(value, float) and isfinite(value) and value > 0,
    lambda value: float(value) if _is_whole(value, 0) else value,
)
SHAPE = Kind(
    "three whole numbers of at least 1, [channels, rows, columns]",
    lambda value: (
        isinstance(value, tuple) and len(value) == 3 and all(_is_whole(size, 1) for size in value)
    ),
    _tuple,
)
NAMES = Kind(
    f"a list of 2 to {MAX_CLASSES} different texts of one line without control characters, "
    "or [] for none",
    _are_names,
    _tuple,
)
TABLES = Kind("tables [[network.layers]] with numbers of at most 64 bits", _are_tables, _tuple)


def setting(default: T, kind: Kind) -> T:
    """A field of a dataclass that is checked by its kind."""
    return field(default=default, metadata={"kind": kind})


@dataclass(frozen=True)
class Settings:
    """One table of the configuration.

    Raises:
        UserError: a value that is not of its kind, by section and key.
    """

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for known in fields(self):
            given, kind = getattr(self, known.name), known.metadata["kind"]
            kept = kind.keep(given)
            if not kind.fits(kept):
                name = f"{self.section}.{known.name}"
                raise UserError(f"{name} must be {kind.words}, not {shown(given)}")
            object.__setattr__(self, known.name, kept)

    @classmethod
    def names(cls) -> list[str]:
        """The names of its settings."""
        return [known.name for known in fields(cls)]

    def changed(self, values: Mapping[str, Any]) -> Self:
        """The same with other values, as they stand in a file."""
        return replace(self, **values)

    def as_dict(self) -> dict[str, Any]:
        """As it would stand in a file."""
        return {key: _plain(getattr(self, key)) for key in self.names()}


@dataclass(frozen=True)
class DataSettings(Settings):
    """Which images: the table [data]."""

    section: ClassVar[str] = "data"

    source: str = setting("fashion-mnist", TEXT)  # a name or a path, see the command `data`
    class_names: tuple[str, ...] = setting((), NAMES)  # of labels 0, 1, …; (): the source's own
    train_samples: int | None = setting(1500, whole_or_all(1))  # None: all there are
    test_samples: int | None = setting(600, whole_or_all(1))
    validation_samples: int = setting(0, whole(0))  # cut off the training part, besides the above
    selection: str = setting("first", one_of(SELECTIONS))
    drop_overlap: bool = setting(False, TRUTH)  # leave out test images that are trained on


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """Which network: the table [network], with a preset's name or the layers one by one."""

    section: ClassVar[str] = "network"

    preset: str = setting("paper", one_of(PRESETS))
    input_shape: tuple[int, int, int] = setting((1, 28, 28), SHAPE)  # channels, rows, columns
    layers: tuple[dict[str, Any], ...] = setting((), TABLES)  # instead of a preset

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers and self.preset != type(self).preset:
            raise _both_given()

    def changed(self, values: Mapping[str, Any]) -> Self:
        """The same with other values; a preset takes the place of layers, and layers of a preset.

        Raises:
            UserError: both at once, or layers of which there are none.
        """
        if "layers" in values and values["layers"] in ([], ()):
            raise UserError("network.layers must have at least one layer; or leave it out")
        if values.get("layers"):
            if "preset" in values:
                raise _both_given()
            values = {**values, "preset": type(self).preset}
        elif "preset" in values:
            values = {**values, "layers": ()}
        return super().changed(values)

    def as_dict(self) -> dict[str, Any]:
        """As it would stand in a file: with the preset or with the layers."""
        table = super().as_dict()
        del table["preset" if self.layers else "layers"]
        return table

    def build(self, classes: int) -> Network:
        """The network for so many classes.

        Raises:
            UserError: layers that do not fit each other, the input or the number of classes.
        """
        network = self._network(classes)
        if network.classes != classes:
            raise UserError(
                f"network.layers: the last layer gives {network.classes} numbers, but the data "
                f"has {classes} classes; end with a Dense of units = {classes}"
            )
        return network

    def _network(self, classes: int) -> Network:
        """As described; `classes` counts for presets only."""
        if not self.layers:
            return preset(self.preset, self.input_shape, classes)
        described = {"input_shape": list(self.input_shape), "layers": list(self.layers)}
        return network_from_settings(described, "network.layers")

    def check(self) -> None:
        """Raise UserError unless there is such a network for some number of classes."""
        self._network(2)


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """How it is trained: the table [training]."""

    section: ClassVar[str] = "training"

    engine: str = setting("auto", one_of(("auto", *ENGINES)))
    epochs: int = setting(25, whole(1))
    batch_size: int = setting(16, whole(1))
    learning_rate: float = setting(0.008, POSITIVE)
    seed: int = setting(0, whole(0))
    patience: int = setting(0, whole(0))  # epochs without a better validation loss; 0: no matter
    measure_start: bool = setting(True, TRUTH)  # the training loss before the first step
    threads: int = setting(0, whole(0))  # 0: as many as gain; makes no difference but in speed


def _both_given() -> UserError:
    return UserError("network.preset and network.layers are both given; keep one of them")


def _plain(value: Any) -> Any:
    """A kept value as it stands in a file."""
    if isinstance(value, tuple):
        return [dict(item) if isinstance(item, dict) else item for item in value]
    return ALL if value is None else value


def shown(value: Any) -> str:
    """A value for an error message: as it stands in a file, on one line, and not too long."""
    import json  # only when something is already wrong

    if isinstance(value, int) and _is_beyond(value):
        return "one beyond 64 bits"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):  # numbers of thousands of digits, deep lists
        return f"this {type(value).__name__}"
    text = visible(text)
    return text if len(text) <= 60 else f"{text[:57]}..."
