"""What the lab opens: any network, any model file, a run; and what it says of everything else."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import tomllib
import webbrowser
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.commands import ROOT, drawings, run, small_run, write_csv, write_idx
from tests.lab import flat, numbers, serving, small_session
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.lab.opening import open_session
from verypoorcnn.network import Conv2D, Dense, Flatten, Network, ReLU
from verypoorcnn.network.presets import lenet5, paper
from verypoorcnn.training.model import Model
from verypoorcnn.training.model_file import ModelFile, load_model, save_model

LAYERS = """
[data]
source = "sketches"
train_samples = 30
test_samples = 20
[network]
layers = [
    {type = "Flatten"},
    {type = "Dense", units = 6, initializer = "uniform"},
    {type = "ReLU"},
    {type = "Dense", units = 10},
]
[training]
seed = 3
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> str:
    """A file of sixty drawings."""
    return str(write_csv(tmp_path_factory.mktemp("data") / "few.csv", drawings(60)))


def opened(what, source=None):
    return open_session(what if what is None else str(what), source, lambda line: None)


def test_nothing_is_the_papers_network_untrained():
    session = opened(None, "sketches")
    assert session.network == paper()
    assert [*session.parameters["fc2.bias"].values] == [0.0] * 10
    assert len(session.parts.train) == 1500
    assert len(session.parts.test) == 600
    assert session.run is None


def test_without_fashion_mnist_there_are_the_sketches(monkeypatch):
    from verypoorcnn.data import fashion_mnist

    monkeypatch.setattr(fashion_mnist, "find", lambda: None)
    session = opened(None)
    assert session.parts.origin == "built-in sketches"
    assert session.configuration.data.source == "sketches"


def trained_on(folder: Path, data: str, source: str = "fashion-mnist") -> Path:
    """A run whose model and configuration say so; what it holds was trained on sketches."""
    tables = json.loads((small_run(folder) / "config.json").read_text())
    tables["data"]["source"] = source
    (folder / "config.json").write_text(json.dumps(tables))
    model = Model.load(folder / "model.safetensors")
    model.details["data"] = data
    model.save(folder / "model.safetensors")
    return folder


@pytest.fixture
def nowhere(monkeypatch):
    """Fashion-MNIST is neither on this machine nor to be had; the sketches are not it."""
    from verypoorcnn.data import fashion_mnist

    def fails(folder, progress):
        raise UserError("no network")

    monkeypatch.setattr(fashion_mnist, "find", lambda: None)
    monkeypatch.setattr(fashion_mnist, "download", fails)


@pytest.mark.usefixtures("nowhere")
def test_sketches_do_not_take_the_place_of_what_was_trained_on(tmp_path):
    run = trained_on(tmp_path / "run", "Fashion-MNIST from somewhere")
    with pytest.raises(UserError) as error:
        opened(run)
    assert str(error.value) == (
        f"no network; these are the data that {run} was trained on, --data gives others"
    )
    with pytest.raises(UserError, match=r"^no network; a model file does not say .* --data does$"):
        opened(run / "model.safetensors")
    for what in (run, run / "model.safetensors"):
        assert opened(what, "sketches").parts.origin == "built-in sketches"


@pytest.mark.usefixtures("nowhere")
def test_sketches_that_were_trained_on_are_the_runs_own(tmp_path):
    run = trained_on(tmp_path / "run", "built-in sketches")  # in the place of Fashion-MNIST
    for what in (run, run / "model.safetensors"):
        session = opened(what)
        assert session.parts.origin == "built-in sketches"
        assert session.configuration.data.source == "sketches"  # for trainings in the lab


def test_a_run_whose_data_have_moved(capsys, tmp_path, few):
    gone = str(tmp_path / "gone.csv")
    folder = trained_on(tmp_path / "run", gone, source=gone)
    capsys.readouterr()
    ran = run(capsys, "lab", folder, "--no-open")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert repr(gone) in ran.err
    assert ran.err.endswith(f"that {folder} was trained on, --data gives others\n")
    assert "few.csv" in opened(folder, few).parts.origin


def test_a_model_file_of_other_data_than_fashion_mnist(tmp_path, few):
    path = trained_on(tmp_path / "run", "own.csv") / "model.safetensors"
    with pytest.raises(UserError) as error:
        opened(path)
    assert str(error.value) == (
        f"{path}: it was trained on own.csv; give these data, or others, by --data"
    )
    assert "few.csv" in opened(path, few).parts.origin


def test_a_configuration(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(LAYERS)
    session = opened(path)
    assert [stage.name for stage in session.network.stages] == ["flatten1", "fc1", "relu1", "fc2"]
    assert session.parameters == session.network.initial_parameters(3)
    assert len(session.parts.train) == 30
    assert session.title == str(path)
    with serving(session) as lab:
        found = lab.get("/api/forward?image=test:1")
        engine = TextbookEngine(session.network, session.parameters)
        assert found["probabilities"] == engine.probabilities(session.parts.test, [1])[0]
        assert lab.get("/api/explain?image=test:1&target=fc1[2]")["receptive"]


def test_a_run(tmp_path):
    folder = small_run(tmp_path / "run")
    session = opened(folder)
    learned = load_model(folder / "model.safetensors")
    assert session.run is not None
    assert session.run.folder == folder
    assert len(session.parts.train) == 40
    assert session.configuration.training.epochs == 2
    for name, tensor in learned.parameters.items():
        assert [*session.parameters[name].values] == [*tensor.values]  # float32 as float64, exactly


def test_a_model_file_of_any_network(tmp_path):
    layers = Conv2D(2, 3, strides=4), ReLU(), Flatten(), Dense(5)
    network = Network((3, 16, 16), layers)
    folder = tmp_path / "data"
    for part, count in (("train", 12), ("test", 6)):
        write_colours(folder / f"{part}.csv", count)
    path = tmp_path / "model.safetensors"
    save_model(path, ModelFile(network, network.initial_parameters(1), tuple("abcde")))
    session = opened(path, str(folder))
    assert session.network == network
    assert session.class_names == tuple("abcde")
    with serving(session) as lab:
        found = lab.get("/api/backward?image=train:3")
        assert found["input"]["shape"] == [3, 16, 16]
        assert lab.get("/api/images?count=2")["sprite"]["shape"] == [2, 3, 16, 16]


def write_colours(path: Path, count: int) -> None:
    """Rows of a label and 3×16×16 pixels."""
    path.parent.mkdir(exist_ok=True)
    rows = (",".join([str(k % 5)] + [str(k * i % 256) for i in range(768)]) for k in range(count))
    path.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("network", [paper(), lenet5()], ids=["paper", "lenet5"])
def test_a_file_of_pytorch_that_is_a_preset(tmp_path, few, network):
    path = tmp_path / "torch.safetensors"
    safetensors.write(path, network.initial_parameters(2), {})
    session = opened(path, few)
    assert session.network == network
    assert session.class_names == session.parts.train.class_names  # a file of PyTorch has none
    held = session.held
    with serving(session) as lab:
        found = lab.get("/api/forward?image=test:1")
    expected = TextbookEngine(network, held.parameters).activations(session.parts.test, [1])
    assert numbers(found["layers"]["fc1"]) == flat(expected["fc1"][0])


def test_a_file_of_pytorch_of_any_network(capsys, tmp_path, few):
    network = Network((1, 28, 28), (Flatten(), Dense(6), ReLU(), Dense(10)))
    path, config = tmp_path / "torch.safetensors", tmp_path / "own.toml"
    safetensors.write(path, network.initial_parameters(2), {})
    config.write_text(LAYERS)
    with pytest.raises(UserError, match="--config"):
        opened(path, few)
    assert open_session(str(path), few, lambda line: None, network).network == network
    ran = run(capsys, "lab", path, "--config", config, "--data", "nowhere.csv")
    assert "nowhere.csv" in ran.err  # so it has come as far as the data


def test_a_models_own_class_names_are_kept(tmp_path, few):
    names = tuple(f"kind {k}" for k in range(10))
    Model(class_names=names).save(tmp_path / "m.safetensors")
    assert opened(tmp_path / "m.safetensors", few).class_names == names


def test_class_names_that_would_like_to_be_markup(tmp_path, few):
    hostile = (
        *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'; DROP TABLE;--"),
        *("\u202egnirts", "[2J", "\\0", "two\\nlines", "{{7*7}}", "a" * 5000, "${x}</style>"),
    )
    Model(class_names=hostile).save(tmp_path / "m.safetensors")
    with serving(opened(tmp_path / "m.safetensors", few)) as lab:
        answer = lab.ask("GET", "/api/session", headers=lab.key)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.content.isascii()
        assert answer.json["class_names"] == [*hostile]
        assert lab.get("/api/confusion")["per_class"][0]["name"] == hostile[0]


# What cannot be opened.


def damaged(path: Path, header: dict[str, object], data: bytes = b"") -> Path:
    """A model file with just this header."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(shape, first, last, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [first, last]}


@pytest.mark.parametrize(
    "header",
    [
        {"conv1.weight": entry([4, 1, 5, 5], 0, 10**15)},
        {"conv1.weight": entry([2**31, 2**31], 0, 8)},
        {"conv1.weight": entry([4, 1, 5, 5], 0, 8)},
        {"conv1.weight": entry([-4], 0, 16)},
        {"conv1.weight": entry([4], 16, 0)},
        {"conv1.weight": entry([0], 0, 0), "fc1.weight": entry([10**18], 0, 0)},
        {},
    ],
)
def test_a_file_that_lies_about_its_sizes(capsys, tmp_path, header):
    path = damaged(tmp_path / "m.safetensors", header, bytes(16))
    ran = run(capsys, "lab", path, "--no-open")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"verypoorcnn: {path}")
    assert ran.err.count("\n") == 1


def test_a_file_whose_network_is_enormous(tmp_path):
    settings = {"input_shape": [1, 28, 28], "layers": [{"type": "Dense", "units": 10**9}]}
    metadata = {"format": "verypoorcnn", "network": json.dumps(settings)}
    path = damaged(tmp_path / "m.safetensors", {"__metadata__": metadata})
    with pytest.raises(UserError, match=r"m\.safetensors"):
        opened(path)


def test_a_header_longer_than_the_file(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(UserError, match=r"m\.safetensors"):
        opened(path)


def test_what_is_not_there(capsys, tmp_path):
    for what in ("nowhere.safetensors", "nowhere.toml", tmp_path):
        ran = run(capsys, "lab", what, "--data", "sketches")
        assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_run_that_has_learned_nothing_yet(tmp_path):
    folder = small_run(tmp_path / "run")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match="train --resume"):
        opened(folder)


def test_images_that_the_network_does_not_take(tmp_path, monkeypatch):
    monkeypatch.setenv("VERYPOORCNN_DATA", str(write_idx(tmp_path / "data", drawings(20))))
    monkeypatch.setattr("verypoorcnn.data.fashion_mnist.recognise", lambda labels: True)
    network = Network((3, 8, 8), (Flatten(), Dense(10)))
    path = tmp_path / "m.safetensors"
    save_model(path, ModelFile(network, network.initial_parameters(0), tuple("abcdefghij")))
    with pytest.raises(UserError, match=r"the network takes 3×8×8; .*--data does"):
        opened(path)


def test_another_number_of_classes(tmp_path, few):
    network = Network((1, 28, 28), (Flatten(), Dense(3)))
    path = tmp_path / "m.safetensors"
    save_model(path, ModelFile(network, network.initial_parameters(0), ("a", "b", "c")))
    with pytest.raises(UserError, match=r"10 classes, but .* tells 3 apart|class"):
        opened(path, few)


def test_data_that_are_not_there():
    with pytest.raises(UserError, match=r"nowhere\.csv"):
        opened(None, "nowhere.csv")


def test_own_data(few):
    session = opened(None, few)
    assert "few.csv" in session.parts.origin
    assert len(session.parts.train) + len(session.parts.test) == 60


# The command, as a process.


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing there")
def test_the_address_comes_first_and_ctrl_c_ends_it(few):
    command = [sys.executable, "-m", "verypoorcnn", "lab", "--data", few, "--no-open"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **streams) as running:
        address = running.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        base, token = address.split("/?token=")
        with urlopen(Request(f"{base}/api/session", headers={"X-Lab-Token": token})) as answer:
            assert json.load(answer)["data"]["train"] == 48
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert (running.returncode, out) == (0, "")
    assert err.endswith("the lab is closed\n")
    assert "Traceback" not in err


def test_the_browser_is_opened_unless_told_otherwise(capsys, monkeypatch, few):
    seen = []
    monkeypatch.setattr(webbrowser, "open", lambda address: seen.append(address) or len(seen) < 2)

    class Over(threading.Event):
        def wait(self, timeout=None):
            if threading.current_thread() is threading.main_thread() and timeout is None:
                raise KeyboardInterrupt
            return super().wait(timeout)

    for words, count in (([], 1), (["--no-open"], 1), ([], 2)):
        with monkeypatch.context() as patched:
            patched.setattr("verypoorcnn.cli.lab.Event", Over)
            ran = run(capsys, "lab", "--data", few, *words)
        assert ran.status == 0
        assert len(seen) == count
        assert ("open the address yourself" in ran.err) == (len(seen) == 2)
    assert seen[-1] == ran.out.strip()


# The package.


def test_wheels_bring_the_page_with_them():
    package = ROOT / "verypoorcnn"
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    shipped = {
        path for pattern in setup["package-data"]["verypoorcnn"] for path in package.glob(pattern)
    }
    static = {path for path in (package / "lab" / "static").rglob("*") if path.is_file()}
    assert package / "lab" / "static" / "index.html" in static
    assert static <= shipped
    assert package / "report" / "theme.css" in shipped


def test_small_sessions_differ_in_nothing_but_their_names():
    names = tuple("abcdefghij")
    assert small_session(names=names).class_names == names
