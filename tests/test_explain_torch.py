"""The gradients that are explained are PyTorch's."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("torch", reason="PyTorch, the judge, is not installed")

import torch
from torch.nn import functional

from tests.engines import random_images
from verypoorcnn.explain import Explainer
from verypoorcnn.files.tensors import nested
from verypoorcnn.network.presets import lenet5


def lenet_in_torch(image, weights):
    """Every output of LeNet-5 by our names, with gradients kept."""
    kept = {"image": image}

    def keep(name, value):
        value.retain_grad()
        kept[name] = value
        return value

    def learned(kind, name, value, **options):
        return keep(
            name, kind(value, weights[f"{name}.weight"], weights[f"{name}.bias"], **options)
        )

    value = image
    for k, padding in ((1, 2), (2, 0)):
        value = learned(functional.conv2d, f"conv{k}", value, padding=padding)
        value = keep(f"relu{k}", functional.relu(value))
        value = keep(f"pool{k}", functional.max_pool2d(value, 2))
    value = keep("flatten1", value.flatten(1))
    for k in (1, 2, 3):
        value = learned(functional.linear, f"fc{k}", value)
        if k < 3:
            value = keep(f"relu{k + 2}", functional.relu(value))
    return kept


def test_lenet():
    network = lenet5()
    parameters, images, random = network.initial_parameters(4), random_images(network, 1), Random(2)
    explainer = Explainer(network, parameters, [images.image(0)], [*images.labels])
    weights = {
        name: torch.tensor(nested(tensor), dtype=torch.float64, requires_grad=True)
        for name, tensor in parameters.items()
    }
    pixels = torch.tensor([*images.image(0)], dtype=torch.float64).reshape(1, 1, 28, 28) / 255
    kept = lenet_in_torch(pixels.requires_grad_(), weights)
    functional.cross_entropy(kept["fc3"], torch.tensor([*images.labels])).backward()
    theirs = {name: value.grad[0] for name, value in kept.items()}
    theirs |= {name: value.grad for name, value in weights.items()}
    assert theirs.keys() == explainer.arrays("gradient").keys()
    for name, gradient in theirs.items():
        for _ in range(3):
            index = tuple(random.randrange(size) for size in gradient.shape)
            at = name + "".join(f"[{position}]" for position in index)
            expected = pytest.approx(gradient[index].item(), rel=1e-9, abs=1e-14)
            assert explainer.arithmetic(at, "gradient").value == expected, at
