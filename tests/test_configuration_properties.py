"""Whatever stands in a configuration file, it is a configuration or an error of one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hypothesis", reason="these tests need hypothesis, which is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verypoorcnn.errors import UserError
from verypoorcnn.training.configuration import (
    SETTINGS,
    Configuration,
    DataSettings,
    NetworkSettings,
    TrainingSettings,
    configuration_from_dict,
    load_configuration,
)

EXAMPLE = (Path(__file__).parent.parent / "examples" / "lenet.toml").read_bytes()

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

whole = st.integers(0, 2**63 - 1)
counts = st.integers(1, 2**63 - 1)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)

data_settings = st.builds(
    DataSettings,
    source=lines,
    class_names=st.just(()) | st.lists(lines, min_size=2, unique=True).map(tuple),
    train_samples=st.none() | counts,
    test_samples=st.none() | counts,
    validation_samples=counts,
    selection=st.sampled_from(["first", "stratified"]),
    drop_overlap=st.booleans(),
)
training_settings = st.builds(
    TrainingSettings,
    engine=st.sampled_from(["auto", "textbook"]),
    epochs=counts,
    batch_size=counts,
    learning_rate=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    seed=whole,
    patience=whole,
    measure_start=st.booleans(),
    threads=whole,
)
sizes = st.tuples(st.integers(1, 4), st.integers(20, 60), st.integers(20, 60))
dense = st.builds(lambda units: {"type": "Dense", "units": units}, st.integers(2, 500))
layers = st.lists(dense, min_size=1, max_size=4).map(lambda made: ({"type": "Flatten"}, *made))
network_settings = st.builds(
    NetworkSettings, preset=st.sampled_from(["paper", "lenet5"]), input_shape=sizes
) | st.builds(NetworkSettings, layers=layers, input_shape=sizes)
configurations = st.builds(Configuration, data_settings, network_settings, training_settings)


def configuration_or_one_line(make: Any) -> Configuration | None:
    """What is made; None where it is refused in one line."""
    made, message = None, ""
    try:
        made = make()
    except UserError as error:
        message = str(error)
    assert isinstance(made, Configuration) or len(message.splitlines()) == 1
    return made


@quick
@given(configurations)
def test_every_configuration_comes_back_from_its_dictionary(configuration):
    text = json.dumps(configuration.as_dict(), allow_nan=False)
    assert configuration_from_dict(json.loads(text), "config.json") == configuration


@quick
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_in_one_line_or_a_configuration(tmp_path, content):
    path = tmp_path / "random.toml"
    path.write_bytes(content)
    configuration_or_one_line(lambda: load_configuration(path))


@quick
@given(st.data())
def test_a_damaged_file_is_refused_in_one_line_or_a_configuration(tmp_path, data):
    start = data.draw(st.integers(0, len(EXAMPLE)))
    end = data.draw(st.integers(start, min(len(EXAMPLE), start + 20)))
    path = tmp_path / "damaged.toml"
    path.write_bytes(EXAMPLE[:start] + data.draw(st.binary(max_size=10)) + EXAMPLE[end:])
    configuration_or_one_line(lambda: load_configuration(path))


@quick
@given(st.sampled_from(SETTINGS), values)
def test_any_value_is_kept_exactly_or_refused_by_its_name(name, value):
    section, key = name.split(".")
    tables = {section: {key: value}}
    configuration = configuration_or_one_line(lambda: configuration_from_dict(tables, "a.toml"))
    if configuration:
        assert configuration == configuration_from_dict(configuration.as_dict(), "a.toml")


@quick
@given(st.dictionaries(st.text() | st.sampled_from(["data", "network", "training"]), values))
def test_any_tables_are_refused_in_one_line_or_a_configuration(tables):
    configuration_or_one_line(lambda: configuration_from_dict(tables, "a.toml"))


@quick
@given(st.text() | st.builds("{}={}".format, st.sampled_from(SETTINGS), st.text()))
def test_any_override_is_refused_in_one_line_or_a_configuration(text):
    configuration_or_one_line(lambda: load_configuration(None, [text]))
