"""The configuration: what a file and `--set` make of the defaults, and what they may not say."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.network.presets import lenet5, paper
from verypoorcnn.training.configuration import (
    Configuration,
    DataSettings,
    NetworkSettings,
    TrainingSettings,
    configuration_from_dict,
    load_configuration,
)

EXAMPLES = Path(__file__).parent.parent / "examples"
DENSE = ({"type": "Flatten"}, {"type": "Dense", "units": 3})


def load(tmp_path: Path, content: str | bytes, *overrides: str) -> Configuration:
    """The configuration in a file `own.toml` of this content."""
    path = tmp_path / "own.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_configuration(path, overrides)


def fault(tmp_path: Path, content: str | bytes, *overrides: str) -> str:
    """What is said of this content, without the folder; it must be one line."""
    with pytest.raises(UserError) as caught:
        load(tmp_path, content, *overrides)
    (line,) = str(caught.value).splitlines()
    return line.replace(f"{tmp_path}/", "")


def test_without_a_file_it_is_the_papers_experiment():
    configuration = load_configuration()
    assert configuration == Configuration()
    assert configuration.origin == "built-in defaults"
    assert configuration.data.train_samples == 1500
    assert configuration.data.test_samples == 600
    training = configuration.training
    assert (training.epochs, training.batch_size, training.learning_rate) == (25, 16, 0.008)
    assert configuration.network.build(10) == paper()


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    content = '[data]\nsource = "photos"\n[training]\nepochs = 5\nlearning_rate = 1\n'
    configuration = load(tmp_path, content)
    assert configuration.data == DataSettings(source="photos")
    assert configuration.training == TrainingSettings(epochs=5, learning_rate=1.0)
    assert type(configuration.training.learning_rate) is float
    assert configuration.network == NetworkSettings()
    assert configuration.origin == str(tmp_path / "own.toml")


def test_all_samples_are_no_limit(tmp_path):
    data = load(tmp_path, '[data]\ntrain_samples = "all"\n').data
    assert (data.train_samples, data.test_samples) == (None, 600)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    content = b'\xef\xbb\xbf[data]\r\nsource = "\xc3\xbc"\r\n'
    assert load(tmp_path, content).data.source == "ü"


# Overrides.


@pytest.mark.parametrize(
    ("text", "section", "key", "value"),
    [
        ("training.epochs=5", "training", "epochs", 5),
        (" training.epochs = 5 ", "training", "epochs", 5),
        ("training.learning_rate=1e-3", "training", "learning_rate", 0.001),
        ("training.measure_start=false", "training", "measure_start", False),
        ("data.source=sketches", "data", "source", "sketches"),
        ("data.source=a=b", "data", "source", "a=b"),
        ('data.source="2024"', "data", "source", "2024"),
        ("data.train_samples=all", "data", "train_samples", None),
        ("data.class_names=['hat', 'shoe']", "data", "class_names", ("hat", "shoe")),
        ("network.preset=lenet5", "network", "preset", "lenet5"),
        ("network.layers=[{type = 'Dense'}]", "network", "layers", None),
    ],
)
def test_an_override_is_a_toml_value_or_a_plain_text(text, section, key, value):
    if key == "layers":
        with pytest.raises(UserError, match="Dense needs 'units'"):
            load_configuration(None, [text])
        return
    configuration = load_configuration(None, [text])
    assert getattr(getattr(configuration, section), key) == value


def test_overrides_come_after_the_file_and_the_last_one_wins(tmp_path):
    content = "[training]\nepochs = 5\nseed = 7\n"
    configuration = load(tmp_path, content, "training.epochs=6", "training.epochs=8")
    assert configuration.training == TrainingSettings(epochs=8, seed=7)


def test_an_override_can_mend_what_the_file_lacks(tmp_path):
    content = "[training]\npatience = 3\n"
    configuration = load(tmp_path, content, "data.validation_samples=100")
    assert (configuration.training.patience, configuration.data.validation_samples) == (3, 100)


def test_a_preset_in_an_override_takes_the_place_of_layers():
    configuration = load_configuration(EXAMPLES / "lenet.toml", ["network.preset=paper"])
    assert configuration.network == NetworkSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "training.epochs=five",
            '--set: training.epochs must be a whole number of at least 1, not "five"',
        ),
        (
            "training.epochs=5\nseed = 1",
            '--set: training.epochs must be a whole number of at least 1, not "5\\nseed = 1"',
        ),
        (
            "training.epocs=5",
            "--set: there is no setting training.epocs; did you mean 'epochs'?",
        ),
        ("trainin.epochs=5", "--set: there is no table [trainin]; did you mean 'training'?"),
        (
            "epochs=5",
            '--set: "epochs=5" is not SECTION.KEY=VALUE, as training.epochs=5 is; '
            "did you mean 'training.epochs'?",
        ),
        ("training.epochs", "--set: training.epochs has no value; write training.epochs=VALUE"),
        (
            "training=3",
            "--set: training is a table; set one of engine, epochs, batch_size, learning_rate, "
            "seed, patience, measure_start, threads, as training.engine=VALUE",
        ),
        ("data.source=", '--set: data.source must be one line of at least one character, not ""'),
    ],
)
def test_a_bad_override_is_told_in_one_line(text, message):
    with pytest.raises(UserError) as caught:
        load_configuration(None, [text])
    assert str(caught.value) == message


# What a file may not say.

BEYOND = "0x" + "f" * 5000

COUNT = "must be a whole number of at least 1, not"
SAMPLES = 'must be a whole number of at least 1 or "all", not'
RATE = "must be a finite number above 0, not"
SHAPE = "must be three whole numbers of at least 1, [channels, rows, columns], not"
NAMES = (
    "must be a list of 2 to 256 different texts of one line without control "
    "characters, or [] for none, not"
)


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("training", 'epochs = "five"', f'training.epochs {COUNT} "five"'),
        ("training", "epochs = 0", f"training.epochs {COUNT} 0"),
        ("training", "epochs = true", f"training.epochs {COUNT} true"),
        ("training", "epochs = 5.0", f"training.epochs {COUNT} 5.0"),
        ("training", "epochs = 1979-05-27", f'training.epochs {COUNT} "1979-05-27"'),
        ("training", f"epochs = {BEYOND}", f"training.epochs {COUNT} one beyond 64 bits"),
        ("training", f"epochs = [{BEYOND}]", f"training.epochs {COUNT} this list"),
        ("training", "batch_size = 0", f"training.batch_size {COUNT} 0"),
        ("training", "learning_rate = 0", f"training.learning_rate {RATE} 0"),
        ("training", "learning_rate = -0.1", f"training.learning_rate {RATE} -0.1"),
        ("training", "learning_rate = nan", f"training.learning_rate {RATE} NaN"),
        ("training", "learning_rate = inf", f"training.learning_rate {RATE} Infinity"),
        ("training", "learning_rate = true", f"training.learning_rate {RATE} true"),
        ("training", "seed = -1", "training.seed must be a whole number of at least 0, not -1"),
        (
            "training",
            f"seed = {2**63}",
            "training.seed must be a whole number of at least 0, not one beyond 64 bits",
        ),
        (
            "training",
            "measure_start = 1",
            "training.measure_start must be true or false, not 1",
        ),
        (
            "training",
            'engine = "textbok"',
            'training.engine must be "auto" or "textbook" or "python" or "native", not "textbok"',
        ),
        ("data", "train_samples = 0", f"data.train_samples {SAMPLES} 0"),
        ("data", 'test_samples = "al"', f'data.test_samples {SAMPLES} "al"'),
        (
            "data",
            'validation_samples = "all"',
            'data.validation_samples must be a whole number of at least 0, not "all"',
        ),
        (
            "data",
            'selection = "frist"',
            'data.selection must be "first" or "stratified", not "frist"',
        ),
        (
            "data",
            'source = "a\\nb"',
            'data.source must be one line of at least one character, not "a\\nb"',
        ),
        (
            "data",
            'source = "a\\u2028b"',
            'data.source must be one line of at least one character, not "a\\u2028b"',
        ),
        (
            "data",
            'source = "\\u0000"',
            'data.source must be one line of at least one character, not "\\u0000"',
        ),
        (
            "data",
            "source = ['a']",
            'data.source must be one line of at least one character, not ["a"]',
        ),
        ("data", 'class_names = ["a", "a"]', f'data.class_names {NAMES} ["a", "a"]'),
        ("data", 'class_names = ["a"]', f'data.class_names {NAMES} ["a"]'),
        ("data", 'class_names = ["a", 1]', f'data.class_names {NAMES} ["a", 1]'),
        ("data", 'class_names = ["a", "\\u001b"]', f'data.class_names {NAMES} ["a", "\\u001b"]'),
        ("data", 'class_names = "ab"', f'data.class_names {NAMES} "ab"'),
        ("network", "layers = []", "network.layers must have at least one layer; or leave it out"),
        (
            "network",
            'preset = "papr"',
            'network.preset must be "paper" or "lenet5", not "papr"',
        ),
        ("network", "input_shape = [28, 28]", f"network.input_shape {SHAPE} [28, 28]"),
        ("network", "input_shape = [1, 28, 0]", f"network.input_shape {SHAPE} [1, 28, 0]"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_file_key_value_and_fix(
    tmp_path, table, line, message
):
    assert fault(tmp_path, f"[{table}]\n{line}\n") == f"own.toml: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[training]\nepocs = 5",
            "own.toml: there is no setting training.epocs; did you mean 'epochs'?",
        ),
        (
            "[trainig]\nepochs = 5",
            "own.toml: there is no table [trainig]; did you mean 'training'?",
        ),
        (
            "epochs = 5",
            "own.toml: there is no setting epochs outside of tables; "
            "did you mean 'training.epochs'?",
        ),
        ("training = 5", "own.toml: training must be a table, [training], not 5"),
        (
            '["a\\nb"]',
            'own.toml: there is no table ["a\\nb"]; choose from data, network, training',
        ),
        (
            "[training]\npatience = 3",
            "own.toml: training.patience = 3 needs validation images; "
            "set data.validation_samples = 300, or training.patience = 0",
        ),
        (
            'network.preset = "paper"\n[[network.layers]]\ntype = "Flatten"',
            "own.toml: network.preset and network.layers are both given; keep one of them",
        ),
        (
            "[network]\ninput_shape = [1, 4, 4]",
            "own.toml: layer 1 (conv1): Conv2D: kernel_size 5 is larger than its input of 4×4 with "
            "padding 0; use a smaller kernel or more padding",
        ),
        (
            '[[network.layers]]\ntype = "Conv"',
            "own.toml: network.layers: layer 1: no layer type 'Conv'; did you mean 'Conv2D'?",
        ),
        (
            '[[network.layers]]\ntype = "Dense"\nunit = 10',
            "own.toml: network.layers: layer 1: Dense has no setting 'unit'; did you mean 'units'?",
        ),
        (
            '[[network.layers]]\ntype = "Dense"\nunits = 10',
            "own.toml: network.layers: layer 1 (fc1): Dense: its input is 1×28×28, but it takes a "
            "vector; put Flatten before it",
        ),
        (
            '[network.layers]\ntype = "Dense"',
            "own.toml: network.layers must be tables [[network.layers]] with numbers of at most 64 "
            'bits, not {"type": "Dense"}',
        ),
        (
            f'[[network.layers]]\ntype = "Dense"\nunits = {BEYOND}',
            "own.toml: network.layers must be tables [[network.layers]] with numbers of at most 64 "
            "bits, not this list",
        ),
        (
            f'[[network.layers]]\ntype = "Dense"\nunits = [{BEYOND}]',
            "own.toml: network.layers must be tables [[network.layers]] with numbers of at most 64 "
            "bits, not this list",
        ),
        (
            "[data]\nsource = sketches",
            "own.toml, line 2, column 10: Invalid value; texts stand in quotes, names of tables in "
            "[brackets]",
        ),
        (
            b'[data]\nsource = "\xff"',
            "own.toml, line 2: the byte 0xff is not UTF-8; save the file as UTF-8",
        ),
        (
            "[training]\nepochs = " + "[" * 5000,
            "own.toml: a number of thousands of digits or lists nested hundreds deep are no "
            "configuration; take them out",
        ),
        (
            "[training]\nepochs = " + "9" * 5000,
            "own.toml: a number of thousands of digits or lists nested hundreds deep are no "
            "configuration; take them out",
        ),
        (
            "#" * 1_000_001,
            "own.toml: more than 1,000,000 bytes are no configuration; give a TOML file with the "
            "tables [data], [network], [training]",
        ),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path, content, message):
    assert fault(tmp_path, content) == message


def test_a_long_value_is_cut_in_the_message(tmp_path):
    message = fault(tmp_path, f'[training]\nepochs = "{"x" * 500}"\n')
    assert message.endswith(f'not "{"x" * 56}...')


@pytest.mark.parametrize("name", ["missing.toml", "", "nul\0l.toml"])
def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path, name):
    path = tmp_path / name  # the second is the folder itself
    with pytest.raises(UserError) as caught:
        load_configuration(path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: cannot be read (")
    assert line.endswith("); give a TOML file")


# Settings made in Python.


def test_settings_made_in_python_are_checked_too():
    with pytest.raises(UserError) as caught:
        TrainingSettings(batch_size=0)
    assert str(caught.value) == f"training.batch_size {COUNT} 0"
    with pytest.raises(UserError, match=r'not "\\udcff"$'):  # no UTF-8 can be made of it
        DataSettings(source="\udcff")
    with pytest.raises(UserError, match="both given"):
        NetworkSettings(preset="lenet5", layers=DENSE)


def test_the_last_layer_must_give_one_number_a_class():
    settings = NetworkSettings(layers=DENSE)
    assert settings.build(3).parameter_count == 784 * 3 + 3
    with pytest.raises(UserError) as caught:
        settings.build(10)
    assert str(caught.value) == (
        "network.layers: the last layer gives 3 numbers, but the data has 10 classes; "
        "end with a Dense of units = 10"
    )


def test_a_preset_takes_the_shape_and_the_classes():
    settings = NetworkSettings(preset="lenet5", input_shape=(3, 32, 32))
    assert settings.build(4) == lenet5((3, 32, 32), 4)


# As a dictionary.


def test_as_a_dictionary_it_names_every_setting_in_plain_values():
    assert Configuration().as_dict() == {
        "data": {
            "source": "fashion-mnist",
            "class_names": [],
            "train_samples": 1500,
            "test_samples": 600,
            "validation_samples": 0,
            "selection": "first",
            "drop_overlap": False,
        },
        "network": {"preset": "paper", "input_shape": [1, 28, 28]},
        "training": {
            "engine": "auto",
            "epochs": 25,
            "batch_size": 16,
            "learning_rate": 0.008,
            "seed": 0,
            "patience": 0,
            "measure_start": True,
            "threads": 0,
        },
    }


def test_the_dictionary_reads_back_through_json():
    configuration = Configuration(
        DataSettings(train_samples=None, class_names=("hat", "shoe", "bag"), validation_samples=9),
        NetworkSettings(layers=DENSE, input_shape=(1, 4, 4)),
        TrainingSettings(learning_rate=0.1 + 0.2, patience=2),
        origin="run/config.json",
    )
    text = json.dumps(configuration.as_dict())
    again = configuration_from_dict(json.loads(text), "run/config.json")
    assert again == configuration
    assert again.origin == configuration.origin
    assert "preset" not in configuration.as_dict()["network"]
    assert configuration.as_dict()["data"]["train_samples"] == "all"


def test_where_it_came_from_makes_no_difference():
    assert configuration_from_dict({}, "elsewhere") == Configuration()


def test_an_error_in_a_dictionary_names_the_place():
    with pytest.raises(UserError, match=r"^run/config\.json: data must be a table, \[data\], not"):
        configuration_from_dict({"data": None}, "run/config.json")


# The examples.


def test_the_papers_example_spells_out_every_default():
    import tomllib

    path = EXAMPLES / "paper.toml"
    assert load_configuration(path) == Configuration()
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert tables == Configuration().as_dict()
    assert {name: set(table) for name, table in tables.items()} == {
        "data": {f.name for f in fields(DataSettings)},
        "network": {f.name for f in fields(NetworkSettings)} - {"layers"},
        "training": {f.name for f in fields(TrainingSettings)},
    }


def test_the_lenet_example_is_the_preset_layer_by_layer():
    configuration = load_configuration(EXAMPLES / "lenet.toml")
    assert configuration.network.build(10) == lenet5()
    assert (lenet5().parameter_count, lenet5().multiply_adds) == (61_706, 416_520)
    assert round(lenet5().multiply_adds / paper().multiply_adds) == 37  # as its text says
