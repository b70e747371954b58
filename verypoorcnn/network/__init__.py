"""What a network is: layers, shapes, parameters, and its program as data."""

from verypoorcnn.network.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from verypoorcnn.network.network import Network

__all__ = ["Conv2D", "Dense", "Flatten", "MaxPool2D", "Network", "ReLU"]
