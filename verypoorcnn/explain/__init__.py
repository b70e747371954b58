"""Looking inside: the arithmetic of any number of a network, and what of an image matters to it."""

from verypoorcnn.explain.arithmetic import Arithmetic
from verypoorcnn.explain.difference import Difference
from verypoorcnn.explain.explainer import Explainer, explain
from verypoorcnn.explain.reach import ReceptiveField
from verypoorcnn.explain.saliency import SaliencyMap, input_gradient, occlusion
from verypoorcnn.explain.target import Target

__all__ = [
    "Arithmetic",
    "Difference",
    "Explainer",
    "ReceptiveField",
    "SaliencyMap",
    "Target",
    "explain",
    "input_gradient",
    "occlusion",
]
