"""Whatever is wrong with what the user gave: one line on stderr, status 2, nothing left behind."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
from pathlib import Path

import pytest

from tests.commands import TINY, drawings, run, small_run, write_csv, write_idx
from verypoorcnn import Conv2D, Dense, Flatten, Model, Network, lenet5, paper
from verypoorcnn.files import safetensors

IMAGES = "data/train-images-idx3-ubyte"
LABELS = "data/train-labels-idx1-ubyte"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run."""
    return small_run(tmp_path_factory.mktemp("cli") / "run")


@pytest.fixture
def here(tmp_path, monkeypatch, trained):
    """The current folder, with good files that a test may spoil."""
    monkeypatch.chdir(tmp_path)
    write_idx(tmp_path / "data", drawings(40))
    write_csv(tmp_path / "own.csv", drawings(40))
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("to do")
    return tmp_path


def told(capsys, *words):
    """The one line that a command leaves; and it may leave nothing else."""
    before = sorted(Path().rglob("*"))
    ran = run(capsys, *words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("verypoorcnn: ")
    assert sorted(Path().rglob("*")) == before
    return ran.err.removeprefix("verypoorcnn: ").removesuffix("\n")


def change(path, change):
    path = Path(path)
    path.write_bytes(change(path.read_bytes()))


def change_row(path, row, change):
    """Let `change` change the list of the values of a row, counted from 1."""
    lines = Path(path).read_text().splitlines()
    values = lines[row - 1].split(",")
    change(values)
    lines[row - 1] = ",".join(values)
    Path(path).write_text("\n".join(lines) + "\n")


# Data.


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: gzip.compress(b)[:-500], "damaged gzip file (Compressed file ended before"),
        (lambda b: gzip.compress(b)[:-8] + b"\0" * 8, "damaged gzip file (CRC check failed"),
        (lambda b: b"\0\0\x0d\x03" + b[4:], "found magic number 0x00000d03, expected 0x00000803"),
        (lambda b: b[:4] + struct.pack(">I", 50) + b[8:], "announces 50 images, but only 40 are"),
        (lambda b: b[:4] + struct.pack(">I", 30) + b[8:], "announces 30 images, but more bytes"),
        (lambda b: b[:10], "the file ends within its header, 6 bytes too early; "),
        (lambda b: b"", "the file ends within its header, 4 bytes too early; "),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_damaged_idx_file(capsys, damage, message):
    change(IMAGES, damage)
    assert told(capsys, "train", "--data", "data", *TINY).startswith(f"{IMAGES}: {message}")
    assert told(capsys, "predict", "run", IMAGES).startswith(f"{IMAGES}: {message}")


@pytest.mark.usefixtures("here")
def test_idx_files_that_do_not_belong_together(capsys):
    change(LABELS, lambda b: b[:4] + struct.pack(">I", 39) + b[8:-1])
    line = told(capsys, "train", "--data", "data", *TINY)
    assert line == f"{LABELS}: has 39 labels, but {IMAGES} has 40 images; " + (
        "give two files that belong together"
    )


@pytest.mark.usefixtures("here")
def test_images_of_mixed_sizes(capsys):
    change(IMAGES, lambda b: b[:4] + struct.pack(">3I", 40, 14, 56) + b[16:])
    assert told(capsys, "train", "--data", "data", *TINY) == (
        "data, test part: the images are 1×28×28, but those of data, training part 1×14×56; "
        "give images of one shape"
    )
    assert told(capsys, "train", "--data", IMAGES, *TINY) == (
        f"{IMAGES}: the images are 1×14×56, but the network takes 1×28×28; "
        "give other images or another network"
    )
    assert told(capsys, "predict", "run", IMAGES) == (
        f"{IMAGES}: images of 1×14×56, but the network takes 1×28×28; scale the images"
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda v: v.__setitem__(301, "256"), "row 17, column 302: pixel '256' is not a whole num"),
        (lambda v: v.__setitem__(301, "x"), "row 17, column 302: pixel 'x' is not a whole number"),
        (lambda v: v.__setitem__(301, ""), "row 17, column 302: pixel '' is not a whole number"),
        (lambda v: v.__setitem__(0, "-1"), "row 17, column 1: label '-1' is not a whole number"),
        (lambda v: v.__setitem__(0, "10"), "row 17: label 10 stands at one image only"),
        (lambda v: v.__setitem__(0, "77"), "row 17: label 77 is out of range: the labels below it"),
        (lambda v: v.pop(), "row 17: found 784 values, expected 785: a label and 784 pixels"),
        (lambda v: v.append("0"), "row 17: found 786 values, expected 785: a label and 784"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_damaged_row_of_a_csv_file(capsys, damage, message):
    change_row("own.csv", 17, damage)
    assert told(capsys, "train", "--data", "own.csv", *TINY).startswith(f"own.csv, {message}")


@pytest.mark.parametrize(
    ("words", "before"),
    [
        (["train"], ""),
        (["train", "--resume", "run"], ""),
        (["evaluate", "run"], ""),
        (["reproduce", "--seeds", "1"], "seed 1: "),
        (["lab", "--no-open"], ""),
        (["lab", "run", "--no-open"], ""),
        (["explain", "run"], ""),
    ],
)
def test_a_path_is_called_as_it_was_given(capsys, here, words, before):
    change_row("own.csv", 17, lambda values: values.__setitem__(301, "x"))
    for path in ("own.csv", str(here / "own.csv")):
        ran = run(capsys, *words, "--data", path)
        assert (ran.status, ran.out) == (2, "")
        said = ran.err.splitlines()[-1].removeprefix(f"verypoorcnn: {before}")
        assert said.startswith(f"{path}, row 17, column 302: pixel 'x' is not a whole number")


@pytest.mark.usefixtures("here")
def test_a_label_that_the_model_does_not_know(capsys):
    change_row("own.csv", 17, lambda values: values.__setitem__(0, "10"))
    line = told(capsys, "evaluate", "run", "--data", "own.csv")
    assert line.startswith("own.csv, row 17: label 10 is out of range: there are 10 classes")


@pytest.mark.usefixtures("here")
def test_rows_of_another_size(capsys):
    Path("small.csv").write_text("0,1,2,3,4\n1,5,6,7,8\n" * 5)
    for words in (["train", *TINY], ["evaluate", "run"]):
        assert told(capsys, *words, "--data", "small.csv") == (
            "small.csv, row 1: found 5 values, expected 785: a label and 784 pixels; "
            "for images of another size set network.input_shape"
        )
    assert told(capsys, "predict", "run", "small.csv") == (
        "small.csv, row 1: found 5 values, expected 784 pixels, or one more with a label first"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.csv", "data source 'nothing.csv' is unknown; give fashion-mnist, sketches, "),
        ("nothing", "data source 'nothing' is unknown; give fashion-mnist, sketches, "),
        ("empty", "data source 'empty' holds no data; give fashion-mnist, sketches, "),
        ("notes.txt", "data source 'notes.txt' is no data; give fashion-mnist, sketches, "),
        ("", "argument --data: nothing is given; name something or leave the option away; see "),
        ("\udcff", "argument --data: '\\udcff' is not UTF-8; rename it; see "),
        ("a\nb", "argument --data: 'a\\nb' is more than one line; rename it; see "),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_no_data(capsys, source, message):
    assert told(capsys, "train", "--data", source, *TINY).startswith(message)
    assert told(capsys, "reproduce", "--data", source, *TINY).startswith(message)
    assert told(capsys, "evaluate", "run", "--data", source).startswith(message)


@pytest.mark.usefixtures("here")
def test_an_empty_file(capsys):
    Path("own.csv").write_bytes(b"")
    expected = "own.csv: there is no row of values; give a file with images"
    assert told(capsys, "train", "--data", "own.csv", *TINY) == expected
    assert told(capsys, "predict", "run", "own.csv") == expected
    assert told(capsys, "data", "own.csv") == expected
    Path("none-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, 0, 28, 28))
    expected = "none-images-idx3-ubyte: there is no image; give a file with at least one"
    assert told(capsys, "predict", "run", "none-images-idx3-ubyte") == expected


@pytest.mark.usefixtures("here")
def test_a_folder_of_what_are_no_images(capsys):
    for name in ("hat", "sock"):
        Path("photos", name).mkdir(parents=True)
    assert told(capsys, "train", "--data", "photos", *TINY) == (
        f"{Path('photos/hat')}: the class has no image; add some or remove the folder"
    )
    pytest.importorskip("PIL", reason="Pillow tells what is an image")
    shutil.copy("notes.txt", "photos/hat/a.png")
    expected = f"{Path('photos/hat/a.png')}: not an image file; remove it or save it as PNG"
    assert told(capsys, "train", "--data", "photos", *TINY) == expected
    assert told(capsys, "predict", "run", "photos/hat/a.png") == expected


@pytest.mark.usefixtures("here")
def test_nothing_is_predicted_of_good_files_beside_a_bad_one(capsys):
    assert told(capsys, "predict", "run", "own.csv", "nothing.csv") == (
        "nothing.csv: there is no such file or folder; check the name"
    )
    assert told(capsys, "predict", "run", "empty", "own.csv") == (
        "empty: this is a folder; give a file"
    )


@pytest.mark.usefixtures("here")
def test_a_name_that_is_not_utf_8(capsys):
    for command, words in {
        "predict": ["run", "\udcff.csv"],
        "explain": ["run", "\udcff.csv"],
        "evaluate": ["\udcff"],
        "summary": ["\udcff"],
        "train": ["\udcff.toml"],
        "gradcheck": ["\udcff.toml"],
    }.items():
        assert "is not UTF-8; rename it; see " in told(capsys, command, *words)


@pytest.mark.usefixtures("here")
def test_a_file_that_cannot_be_an_image(capsys):
    Path("none.png").write_bytes(b"")
    assert told(capsys, "predict", "run", "none.png") == (
        "none.png: the file is empty; give an image"
    )
    assert told(capsys, "predict", "run", "run/model.safetensors") == (
        "run/model.safetensors: this is a model; give images: an image, a CSV or an IDX file"
    )


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_csv_file_without_commas(capsys, mark, name):
    change("own.csv", lambda content: content.replace(b",", mark.encode()))
    expected = f"own.csv, row 1: {name} stand between the values; save the file with commas"
    assert told(capsys, "train", "--data", "own.csv", *TINY) == expected
    assert told(capsys, "predict", "run", "own.csv") == expected


# Models.


@pytest.mark.usefixtures("here")
def test_a_model_whose_probabilities_are_no_numbers(capsys):
    values = paper().initial_parameters(0)
    for tensor in values.values():
        for index in range(len(tensor.values)):
            tensor.values[index] = 1e300
    Model(parameters=values, engine="textbook").save("run/model.safetensors")
    for words in (["predict"], ["predict", "--json"], ["explain"], ["explain", "--json"]):
        ran = run(capsys, *words[:1], "run", "own.csv", *words[1:])
        assert (ran.status, ran.out) == (2, "")
        assert "the probability of '0' is nan, not a number from 0 to 1; if training" in ran.err


def test_a_strangers_model_writes_no_control_characters(capsys, here):
    tensors, metadata = safetensors.read(here / "run/model.safetensors")
    metadata["details"] = '{"data": "\\u001b[31m", "\\u009b": "a\\nb"}'
    safetensors.write(here / "run/model.safetensors", tensors, metadata)
    assert run(capsys, "summary", "run").out.endswith("\ndata: \\x1b[31m\n\\x9b: a\\nb\n")
    metadata["preprocessing"] = '{"\\u001b": "\u001b"}'.replace("\\u001b", "\x9b")
    metadata["class_names"] = '{"names": ["\\u001b"]}'
    safetensors.write(here / "run/model.safetensors", tensors, metadata)
    assert "\x9b" not in told(capsys, "predict", "run", "own.csv")


@pytest.mark.usefixtures("here")
def test_a_configuration_that_the_model_contradicts(capsys):
    Path("a.toml").write_text("[network]\npreset = 'lenet5'\n")
    assert told(capsys, "evaluate", "run", "--config", "a.toml", "--data", "sketches") == (
        "run/model.safetensors: it says what network it holds, and that is not the one that is "
        "given; leave the configuration away"
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[:-100], "the tensors have "),
        (lambda b: b[:5], ""),
        (lambda b: b"", ""),
        (lambda b: b[:100] + b"\xff" + b[101:], ""),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_damaged_model(capsys, damage, message):
    change("run/model.safetensors", damage)
    for words in (["evaluate", "run", "--data", "sketches"], ["predict", "run", "own.csv"]):
        assert told(capsys, *words).startswith(f"run/model.safetensors: {message}")
    assert told(capsys, "summary", "run").startswith(f"run/model.safetensors: {message}")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nothing.safetensors", "nothing.safetensors: cannot be read (No such file or directory)"),
        ("notes.txt", "notes.txt: "),
        ("empty", "empty: there is no model.safetensors in this folder; give a run's folder or "),
        ("killed", "killed: this run is not over; go on with train --resume killed"),
        ("folder", "folder/model.safetensors: "),
        ("foreign", "foreign: it does not say what network it holds, and its tensors (fc1.weight)"),
    ],
)
def test_what_is_no_model(capsys, here, model, message):
    (here / "killed").mkdir()
    (here / "killed" / "config.json").write_text("{}")
    (here / "folder" / "model.safetensors").mkdir(parents=True)
    network = Network((1, 28, 28), (Flatten(), Dense(units=10, use_bias=False)))
    safetensors.write(here / "foreign", network.initial_parameters(0), {})
    for words in (["evaluate", model, "--data", "sketches"], ["predict", model, "own.csv"]):
        assert told(capsys, *words).startswith(message)
    assert told(capsys, "summary", model).startswith(message)


def test_a_model_of_another_network(capsys, here):
    safetensors.write(here / "foreign", lenet5().initial_parameters(0), {})
    (here / "a.toml").write_text("[network]\npreset = 'paper'\n")
    line = told(capsys, "evaluate", "foreign", "--config", "a.toml", "--data", "sketches")
    assert line.startswith("foreign: tensor ")
    assert "fits another" in line
    colourful = Network(
        (3, 28, 28), (Conv2D(filters=1, kernel_size=28), Flatten(), Dense(units=10))
    )
    Model(colourful).save(here / "colourful")
    line = told(capsys, "evaluate", "colourful", "--data", "sketches")
    assert "the images are 1×28×28, but the network takes 3×28×28" in line
    line = told(capsys, "predict", "colourful", IMAGES)
    assert "images of 1×28×28, but the network takes 3×28×28" in line


# Configurations.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[training]\nepohcs = 5\n",
            ": there is no setting training.epohcs; did you mean 'epochs'?",
        ),
        ("[trainign]\n", ": there is no table [trainign]; did you mean 'training'?"),
        ("[training\n", ", line 1, column 10: "),
        (
            "[training]\nepochs = 0\n",
            ": training.epochs must be a whole number of at least 1, not 0",
        ),
        (
            "[network]\ninput_shape = [1, 4, 4]\n",
            ": layer 1 (conv1): Conv2D: kernel_size 5 is larger",
        ),
    ],
)
def test_a_wrong_configuration(capsys, here, text, message):
    (here / "a.toml").write_text(text)
    for command in ("train", "summary", "gradcheck", "reproduce"):
        assert told(capsys, command, "a.toml").startswith(f"a.toml{message}")
    line = told(capsys, "evaluate", "run", "--config", "a.toml", "--data", "sketches")
    assert line.startswith(f"a.toml{message}")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "reason"), [("b.toml", "No such file"), ("empty", "Is a dir")])
def test_what_is_no_configuration(capsys, name, reason):
    for command in ("train", "gradcheck"):
        assert told(capsys, command, name).startswith(f"{name}: cannot be read ({reason}")


def test_a_network_for_another_number_of_classes(capsys, here):
    (here / "a.toml").write_text(
        '[network]\ninput_shape = [1, 28, 28]\nlayers = [{type = "Flatten"}, '
        '{type = "Dense", units = 7}]\n[data]\nsource = "own.csv"\n'
    )
    ran = run(capsys, "train", "a.toml", *TINY)
    assert (ran.status, ran.out) == (2, "")
    last = ran.err.splitlines()[-1]
    assert last.startswith("verypoorcnn: network.layers: the last layer gives 7 numbers, but the")
    assert not (here / "runs").exists()


# Options.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train --epochs five", "argument --epochs: 'five' is not a whole number of at least 1; "),
        ("train --epochs 0", "argument --epochs: '0' is not a whole number of at least 1; see "),
        ("train --epochs 1.5", "argument --epochs: '1.5' is not a whole number of at least 1; "),
        ("train --epochs", "argument --epochs: expected one argument; see python3 -m verypoorcnn "),
        ("train --seed -1", "argument --seed: '-1' is not a whole number of at least 0; see "),
        ("train --limit-train 0", "argument --limit-train: '0' is neither a whole number of at "),
        ("train --limit-test -3", "argument --limit-test: '-3' is neither a whole number of at "),
        ("train --engine gpu", "argument --engine: there is no engine 'gpu'; choose from auto, "),
        ("train --engine texbook", "argument --engine: there is no engine 'texbook'; did you mean"),
        ("train --set nonsense", '--set: "nonsense" is not SECTION.KEY=VALUE, as training.epochs'),
        ("train --set training.epohcs=5", "--set: there is no setting training.epohcs; did you me"),
        ("train --set training.epochs=x", "--set: training.epochs must be a whole number of at l"),
        ("train --epoch 5", "train has no option '--epoch'; did you mean 'epochs'?"),
        ("train --dtaa=x", "train has no option '--dtaa'; did you mean 'data'?"),
        (
            "train --bogus",
            "train has no option '--bogus'; choose from data, drop-overlap, engine, ",
        ),
        ("train a.toml b.toml", "unrecognized arguments: b.toml; see python3 -m verypoorcnn train"),
        ("train --out new --resume run", "argument --resume: not allowed with argument --out; see"),
        ("train --out notes.txt", "notes.txt: no run can be kept here (notes.txt is a file); give"),
        ("train --out notes.txt/new", "notes.txt/new: no run can be kept here (notes.txt is a fi"),
        ("train --out run", "run: there is a run in this folder already; go on with it by --resum"),
        ("train --resume empty", "empty: no run here (config.json is missing); give a run's folde"),
        ("train --resume run --seed 7", "run: training.seed cannot change on the way; a run that "),
        ("train a.toml --resume run", "--resume goes on with run/config.json; leave a.toml away"),
        ("evaluate", "the following arguments are required: MODEL; see python3 -m verypoorcnn ev"),
        ("evaluate run --limit-test x", "argument --limit-test: 'x' is neither a whole number of"),
        ("predict run", "the following arguments are required: FILE; see python3 -m verypoorcnn p"),
        ("predict run own.csv --top 0", "argument --top: '0' is neither a whole number of at lea"),
        ("predict run own.csv --invert", "own.csv: --invert is for image files; leave it away"),
        ("explain run own.csv --invert", "own.csv: --invert is for image files; leave it away"),
        ("explain run --invert", "--invert is for image files; name one or leave it away"),
        (
            "explain run own.csv --rate 1",
            "--rate is that of --update; add it, or leave --rate away",
        ),
        (
            "explain run own.csv --patch 5",
            "--patch is that of --occlusion; add it, or leave --patch",
        ),
        (
            "explain run own.csv --stride 1",
            "--stride is that of --occlusion; add it, or leave --str",
        ),
        (
            "explain run own.csv --saliency --fill 0",
            "--fill is that of --occlusion; add it, or leav",
        ),
        ("explain run own.csv --all", "--all is that of --at; add it, or leave --all away"),
        ("explain run own.csv --rate nan", "argument --rate: 'nan' is not a finite number above 0"),
        (
            "explain run own.csv --rate -1",
            "argument --rate: '-1' is not a finite number above 0; s",
        ),
        (
            "explain run own.csv --rate inf",
            "argument --rate: 'inf' is not a finite number above 0; ",
        ),
        (
            "explain run own.csv --rate 0",
            "argument --rate: '0' is not a finite number above 0; see",
        ),
        (
            "explain run own.csv --rate x",
            "argument --rate: 'x' is not a finite number above 0; see",
        ),
        (
            "show conv2d --shapes images=0x1",
            "--shapes changes nothing in the source; add --as LEVEL",
        ),
        (
            "show conv2d --as textbook --isa avx2",
            "--isa changes nothing in the source; add --as LEVE",
        ),
        ("show --as loops", "--as is of one function; name it"),
        ("data --images -1", "argument --images: '-1' is not a whole number of at least 0; see "),
        ("gradcheck --seed x", "argument --seed: 'x' is not a whole number of at least 0; see pyt"),
        ("reproduce --seeds 0", "argument --seeds: '0' is not a whole number of at least 1; see "),
        ("reproduce --out notes.txt", "notes.txt/seed-1: no run can be kept here (notes.txt is a"),
        ("trian", "there is no command 'trian'; did you mean 'train'?"),
        ("--json train", "'--json' stands where a command should; choose from train, evaluate, "),
    ],
)
@pytest.mark.usefixtures("here")
def test_options(capsys, words, message):
    assert told(capsys, *words.split()).startswith(message)


@pytest.mark.usefixtures("here")
def test_an_out_without_a_name(capsys):
    assert told(capsys, "train", "--out", "").startswith("argument --out: nothing is given; ")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_an_out_where_one_may_not_write(capsys, here):
    (here / "empty").chmod(0o500)
    expected = "empty/run: no run can be kept here (no permission to write in empty); give another"
    assert told(capsys, "train", "--out", "empty/run").startswith(expected)
