"""Models go to PyTorch and come back: the same file, the same probabilities."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch, the judge, is not installed")
library = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")

from verypoorcnn import Model, lenet5, load_data, paper  # noqa: E402
from verypoorcnn.compiler.native.x86.cpu import VARIABLE, support  # noqa: E402


class PaperNet(torch.nn.Module):
    """The paper's network as a user of PyTorch writes it."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 4, 5, stride=3, bias=False)
        self.fc1 = torch.nn.Linear(144, 32)
        self.fc2 = torch.nn.Linear(32, 10)

    def forward(self, images):
        maps = torch.nn.functional.max_pool2d(torch.relu(self.conv1(images)), 3, stride=1)
        return self.fc2(torch.relu(self.fc1(maps.flatten(1))))


class LeNet5(torch.nn.Module):
    """LeNet-5 with ReLU and max pooling."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.fc1 = torch.nn.Linear(400, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, 10)

    def forward(self, images):
        pool = torch.nn.functional.max_pool2d
        maps = pool(torch.relu(self.conv1(images)), 2)
        maps = pool(torch.relu(self.conv2(maps)), 2)
        vectors = torch.relu(self.fc2(torch.relu(self.fc1(maps.flatten(1)))))
        return self.fc3(vectors)


PAIRS = pytest.mark.parametrize(
    ("network", "module"), [(paper(), PaperNet), (lenet5(), LeNet5)], ids=["paper", "lenet5"]
)


def probabilities_of(module, images):
    pixels = torch.frombuffer(bytearray(images.pixels), dtype=torch.uint8)
    batch = pixels.reshape(len(images), 1, 28, 28).float() / 255
    with torch.no_grad():
        return torch.softmax(module(batch), 1)


def largest_difference(model, module, images):
    ours = torch.tensor([prediction.probabilities for prediction in model.predict(images)])
    return (ours - probabilities_of(module, images)).abs().max().item()


@pytest.fixture(scope="module")
def sketched():
    return load_data("sketches", train_samples=60, test_samples=30, say=lambda line: None)


@PAIRS
def test_ours_loaded_by_pytorch(tmp_path, network, module, sketched):
    model = Model(network)
    model.fit(sketched.train, epochs=1, learning_rate=0.05, callbacks=())
    model.save(tmp_path / "model.safetensors")
    theirs = module()
    theirs.load_state_dict(library.load_file(tmp_path / "model.safetensors"))
    assert largest_difference(model, theirs, sketched.test) < 1e-5


@PAIRS
def test_pytorchs_loaded_by_us(tmp_path, network, module, sketched):
    torch.manual_seed(0)
    theirs = module()
    library.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    model = Model.load(tmp_path / "theirs.safetensors")
    assert model.network == network
    assert largest_difference(model, theirs, sketched.test) < 1e-5


def test_both_ways_on_all_test_images_of_fashion_mnist(tmp_path, fashion_mnist):
    """The paper's network on 10,000 images."""
    data = load_data(
        str(fashion_mnist), train_samples=200, test_samples=None, say=lambda line: None
    )
    model = Model(class_names=data.train.class_names, seed=1)
    model.fit(data.train, epochs=1, callbacks=())
    model.save(tmp_path / "model.safetensors")
    theirs = PaperNet()
    theirs.load_state_dict(library.load_file(tmp_path / "model.safetensors"))
    assert len(data.test) == 10_000
    assert largest_difference(model, theirs, data.test) < 1e-5
    torch.manual_seed(1)
    other = PaperNet()
    library.save_file(other.state_dict(), tmp_path / "theirs.safetensors")
    back = Model.load(tmp_path / "theirs.safetensors")
    assert largest_difference(back, other, data.test) < 1e-5


EXACT, SINGLE = 1e-9, 2e-5  # relative to 1 + |number|, for float64 and after steps in float32


@pytest.mark.parametrize("engine", ["textbook", "python", "avx512", "avx2"])
def test_fifty_steps_agree_with_pytorch_in_float64(sketched, engine, monkeypatch):
    """Not only the gradients: where training leads."""
    fifty_steps(Model(paper(), seed=4, engine=on(engine, monkeypatch)), PaperNet(), sketched, 16)


@pytest.mark.parametrize("isa", ["avx512", "avx2"])
def test_fifty_steps_of_lenet5_in_three_groups_agree_too(sketched, isa, monkeypatch):
    fifty_steps(Model(lenet5(), seed=4, engine=on(isa, monkeypatch)), LeNet5(), sketched, 40)


def on(engine, monkeypatch):
    """The engine's name; machine code for a certain instruction set has the name of that."""
    if engine not in ("avx512", "avx2"):
        return engine
    monkeypatch.setenv(VARIABLE, engine)
    if support().isa is None:
        pytest.skip(support().reason)
    return "native"


def fifty_steps(model, theirs, sketched, batch_size):
    """The same steps by both, with the gradients of the first compared."""
    tolerance = SINGLE if model.engine.name == "native" else EXACT
    theirs = theirs.double()
    theirs.load_state_dict({k: as_torch(tensor) for k, tensor in model.parameters.items()})
    descent = torch.optim.SGD(theirs.parameters(), lr=0.1)
    images = sketched.train
    pixels = torch.frombuffer(bytearray(images.pixels), dtype=torch.uint8)
    everything = pixels.reshape(len(images), 1, 28, 28).double() / 255
    labels = torch.tensor(list(images.labels))
    for step in range(50):
        indices = [(batch_size * step + k) % len(images) for k in range(batch_size)]
        gradients = model.engine.gradients(images, indices) if step == 0 else {}
        result = model.engine.train_batch(images, indices, 0.1)
        loss = torch.nn.functional.cross_entropy(theirs(everything[indices]), labels[indices])
        assert result.loss / batch_size == pytest.approx(loss.item(), tolerance, tolerance)
        descent.zero_grad()
        loss.backward()
        for name, found in gradients.items():
            assert_close(found, theirs.get_parameter(name).grad, tolerance)
        descent.step()
    for name, tensor in model.parameters.items():
        assert_close(tensor, theirs.state_dict()[name], tolerance)


def as_torch(tensor):
    return torch.tensor(tensor.values.tolist(), dtype=torch.float64).reshape(tensor.shape)


def assert_close(found, expected, tolerance):
    assert torch.allclose(as_torch(found), expected, rtol=tolerance, atol=tolerance)
