"""The network with other filters, or with weights that are drawn by another rule."""

from __future__ import annotations

from dataclasses import replace

from verypoorcnn.network import Network
from verypoorcnn.network.layer import Layer, layer_from_settings
from verypoorcnn.network.layers import Conv2D

INITIALIZERS = ("auto", "he_normal", "glorot_uniform", "uniform", "zeros")


def filters_of(network: Network) -> int | None:
    """How many filters the first convolution has; None without one."""
    return next((layer.filters for layer in network.layers if isinstance(layer, Conv2D)), None)


def with_filters(network: Network, count: int | None) -> Network:
    """The same network with so many filters in its first convolution."""
    if count is None or count == filters_of(network):
        return network
    index = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Conv2D))
    layers = [*network.layers]
    layers[index] = _changed(layers[index], "filters", count)
    return replace(network, layers=tuple(layers))


def initializer_of(network: Network) -> str:
    """The rule by which all its weights are drawn, as far as one of ours says it; else "auto"."""
    settings = [layer.settings() for layer in network.layers]
    found = {one["initializer"] for one in settings if "initializer" in one}
    return found.pop() if len(found) == 1 and found <= {*INITIALIZERS} else INITIALIZERS[0]


def with_initializer(network: Network, name: str) -> Network:
    """The same network whose weights are all drawn by this rule.

    The name that `initializer_of` gives changes nothing, even where layers have rules of their own.
    """
    if name == initializer_of(network):
        return network
    return replace(
        network, layers=tuple(_changed(layer, "initializer", name) for layer in network.layers)
    )


def _changed(layer: Layer, setting: str, value: object) -> Layer:
    """The layer with another value of a setting, if it has that setting."""
    settings = layer.settings()
    if setting not in settings:
        return layer
    return layer_from_settings({**settings, setting: value}, "lab")
