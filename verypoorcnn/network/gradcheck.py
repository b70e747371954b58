"""The proof of a network's gradients, by dual numbers.

Take the loss L = Σ G · output with some fixed numbers G.  Then ∂L/∂output = G, and what a layer's
hand-written gradient makes of this G must be the derivative of L.  But the forward function alone,
run on dual numbers, gives the derivative of L too, and knows nothing of the gradient function:

    derivative of L in direction V   =   Σ V · ∂L/∂values

The left side comes from dual numbers, the right side from the hand-written gradient.  Where there
are few values, V is 1 for one of them and 0 for the others, one after the other.  Where there are
many, that is done for some, and then V is random for all at once: a single wrong number among them
throws the sum off by far more than rounding can.

Layers are proved one by one, from nothing but the calls that they name; then softmax with
cross-entropy; then the program of the whole network, which must put all of them in their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from operator import mul
from random import Random
from typing import Any

from verypoorcnn.files.tensors import nested, zeros
from verypoorcnn.network.layer import Ports
from verypoorcnn.network.network import Network, Stage
from verypoorcnn.network.program import SAMPLES, Buffer, Call, distinct_buffers
from verypoorcnn.numbers.dual import Dual, derivative_of, on_duals
from verypoorcnn.textbook import loss

BATCH = 2  # samples
FEW = 64  # values that are proved one after the other; of more, only SINGLES are
SINGLES = 8
DIRECTIONS = 2  # in which all values change at once
TOLERANCE = 1e-12  # rounding leaves 1e-14 at most


@dataclass(frozen=True)
class Check:
    """One gradient, proved or refuted."""

    layer: str  # "conv1"; at the end "loss" and "network"
    of: str  # what the gradient belongs to: "input", "weight", "bias"
    values: int  # how many numbers it has; every one of them was held against the dual numbers
    error: float  # the largest relative error

    @property
    def ok(self) -> bool:
        """Whether nothing but rounding stands between the two."""
        return self.error <= TOLERANCE


@dataclass(frozen=True)
class _Claim:
    """`backward` computes the gradients of Σ weights · output, where `forward` computes output."""

    layer: str
    forward: Sequence[Call]
    backward: Sequence[Call]
    output: Buffer
    weights: Sequence[float]  # one for each number of the output
    gradients: Mapping[str, Mapping[Buffer, Buffer]]  # by Check.of: the gradient of each array
    given: Mapping[str, Any]  # by a buffer's name: what the calls start from


def gradcheck(network: Network, seed: int = 0) -> list[Check]:
    """Prove every gradient of a network, with random values drawn from `seed`.

    Of layers that are equal and see equal shapes, the first is proved.  The relative error of the
    derivative a by dual numbers and b = Σ V · gradient is |a − b| over the largest of |a|,
    Σ|V · gradient| and max|gradient|, so that sums whose terms cancel out are not blamed for it.
    """
    random = Random(f"gradcheck {seed}")
    distinct: dict[Any, Stage] = {}
    for stage in network.stages:
        distinct.setdefault((stage.layer, stage.input_shape), stage)
    claims = [_layer_claim(stage, random) for stage in distinct.values()]
    claims += [_loss_claim(network.classes, random), _network_claim(network, seed, random)]
    return [check for claim in claims for check in _checks(claim, random)]


# What is claimed.


def _layer_claim(stage: Stage, random: Random) -> _Claim:
    at = _ports(stage)
    arrays = {"input": at.input, **at.parameters}
    gradients = {"input": at.input_gradient, **at.gradients}
    given = {b.name: _random(b, random) for b in (*arrays.values(), at.output_gradient)}
    return _Claim(
        layer=stage.name,
        forward=stage.layer.forward(at),
        backward=stage.layer.parameter_gradients(at) + stage.layer.input_gradient(at),
        output=at.output,
        weights=[*_numbers(given[at.output_gradient.name])],
        gradients={name: {array: gradients[name]} for name, array in arrays.items()},
        given=given,
    )


def _ports(stage: Stage) -> Ports:
    input, output = Buffer("input", stage.input_shape), Buffer("output", stage.output_shape)
    parameters = {name: Buffer(name, p.shape, False) for name, p in stage.parameters.items()}
    return Ports(
        input=input,
        output=output,
        input_gradient=_gradient(input),
        output_gradient=_gradient(output),
        parameters=parameters,
        gradients={name: _gradient(array) for name, array in parameters.items()},
    )


def _loss_claim(classes: int, random: Random) -> _Claim:
    """Softmax with cross-entropy: p − y (paper, eq. 5)."""
    logits, targets = Buffer("logits", (classes,)), Buffer("targets", (classes,))
    probabilities, losses = Buffer("probabilities", (classes,)), Buffer("losses", ())
    gradient = _gradient(logits)
    labels = _labels(classes, random)
    return _Claim(
        layer="loss",
        forward=[Call(loss.cross_entropy, (logits, targets, losses))],
        backward=[
            Call(loss.softmax, (logits, probabilities)),
            Call(loss.softmax_cross_entropy_gradient, (probabilities, targets, gradient, SAMPLES)),
        ],
        output=losses,
        weights=[1 / BATCH] * BATCH,
        gradients={"logits": {logits: gradient}},
        given={
            logits.name: _random(logits, random),
            targets.name: [[float(k == label) for k in range(classes)] for label in labels],
        },
    )


def _network_claim(network: Network, seed: int, random: Random) -> _Claim:
    """The mean loss of a batch, by all parameters at once, as the program computes it."""
    program = network.program()
    pairs = zip(program.parameters, program.gradients, strict=True)
    first = {name: nested(values) for name, values in network.initial_parameters(seed).items()}
    pixels = _map(lambda _: random.randrange(256), _empty(Buffer("", network.input_shape)))
    return _Claim(
        layer="network",
        forward=program.prepare + program.forward + program.loss,
        backward=program.backward,
        output=Buffer("losses", ()),
        weights=[1 / BATCH] * BATCH,
        gradients={"parameters": dict(pairs)},
        given={"pixels": pixels, "labels": _labels(network.classes, random), **first},
    )


def _gradient(array: Buffer) -> Buffer:
    return replace(array, name=f"{array.name}.gradient")


def _labels(classes: int, random: Random) -> list[int]:
    return [random.randrange(classes) for _ in range(BATCH)]


# What is computed.


def _checks(claim: _Claim, random: Random) -> Iterator[Check]:
    values = _memory(claim)
    for call in (*claim.forward, *claim.backward):
        call.run(values)
    for name, pairs in claim.gradients.items():
        gradient = [g for written in pairs.values() for g in _numbers(values[written.name])]
        errors = [
            _relative_error(_derivative(claim, [*pairs], direction), gradient, direction)
            for direction in _directions(len(gradient), random)
        ]
        yield Check(claim.layer, name, len(gradient), max(errors))


def _derivative(claim: _Claim, arrays: Sequence[Buffer], direction: Sequence[float]) -> float:
    """The derivative of Σ weights · output where these arrays change in this direction."""
    values = _memory(claim)
    slope = iter(direction)
    for array in arrays:
        values[array.name] = _map(lambda value: _moving(value, next(slope)), values[array.name])
    for call in claim.forward:
        replace(call, function=on_duals(call.function)).run(values)
    slopes = map(derivative_of, _numbers(values[claim.output.name]))
    return float(sum(map(mul, claim.weights, slopes)))


def _relative_error(
    derivative: float, gradient: Sequence[float], direction: Sequence[float]
) -> float:
    terms = [v * g for v, g in zip(direction, gradient, strict=True)]
    difference = abs(derivative - sum(terms))
    size = max(abs(derivative), sum(map(abs, terms)), max(map(abs, gradient)))
    if not isfinite(difference):
        return inf
    return difference / size if size else 0.0


def _directions(count: int, random: Random) -> Iterator[list[float]]:
    """Few values one after the other; many also all at once, none of them by less than ½."""
    for single in range(count) if count <= FEW else random.sample(range(count), SINGLES):
        yield [float(index == single) for index in range(count)]
    if count > FEW:
        for _ in range(DIRECTIONS):
            yield [random.choice((-1, 1)) * random.uniform(0.5, 1.0) for _ in range(count)]


def _memory(claim: _Claim) -> dict[str, Any]:
    """Every array of the calls, new and empty, but for what is given."""
    called = distinct_buffers((*claim.forward, *claim.backward))
    proved = (written for pairs in claim.gradients.values() for written in pairs.values())
    empty = {array.name: _empty(array) for array in (*called, *proved)}
    return {**empty, **claim.given, SAMPLES.name: BATCH}


def _empty(array: Buffer) -> Any:
    return nested(zeros((BATCH, *array.shape) if array.per_sample else array.shape))


def _random(array: Buffer, random: Random) -> Any:
    """Numbers from −1 to 1 in steps of 0.1: ties and zeros, the corners of max, are among them."""
    return _map(lambda _: random.randint(-10, 10) / 10, _empty(array))


def _moving(value: float, slope: float) -> Any:
    return Dual(value, slope) if slope else value  # what stands still may stay a float: faster


def _map(function: Callable[[Any], Any], values: Any) -> Any:
    """The function of every number of nested lists."""
    if isinstance(values, list):
        return [_map(function, value) for value in values]
    return function(values)


def _numbers(values: Any) -> Iterator[Any]:
    """The numbers of nested lists, one after the other."""
    if isinstance(values, list):
        for value in values:
            yield from _numbers(value)
    else:
        yield values
