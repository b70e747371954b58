"""What the page asks of one image: all numbers on its way, and the arithmetic of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verypoorcnn.compiler.collector import without_collector
from verypoorcnn.explain.saliency import input_gradient, occlusion
from verypoorcnn.lab.looking import Look, fastest, look
from verypoorcnn.lab.session import Held, Image, Session
from verypoorcnn.lab.web import body, wire

Fields = dict[str, Any]
Answer = dict[str, Any]
OF = "value", "gradient", "update"  # what of a number is explained


def forward(session: Session, query: Fields) -> Answer:
    """What every layer makes of an image."""
    held, image, seen = looked_at(session, query)
    return layer_by_layer(session, held, image, seen)


def layer_by_layer(session: Session, held: Held, image: Image, seen: Look) -> Answer:
    """All numbers of the way forward."""
    with seen.lock, without_collector():
        known = seen.explainer
        given = known.label_given
        return {
            "version": held.version,
            "image": _image(session, image),
            "label": seen.label if given else None,
            "layers": {s.name: wire.numbers(known.tensor(s.name)) for s in held.network.stages},
            "probabilities": known.array("probabilities"),
            "loss": known.array("loss") if given else None,
        }


def backward(session: Session, query: Fields) -> Answer:
    """The gradient of an image's loss by everything, and the rate of the step that follows.

    With the field `layer` the parameters' gradients are those of this layer alone ("image" has
    none); they are half of the work.
    """
    held, _, seen = looked_at(session, query)
    parameters = _parameters(held, query)
    with seen.lock, without_collector():
        known = seen.explainer
        gradients = known.arrays("gradient")
        layers = [stage.name for stage in held.network.stages if stage.name in gradients]
        return {
            "version": held.version,
            "label": seen.label,
            "loss": known.array("loss"),
            "logits_gradient": known.array(layers[-1], "gradient"),
            "deltas": {name: wire.numbers(known.tensor(name, "gradient")) for name in layers},
            "input": wire.numbers(known.tensor("image", "gradient")),
            "gradients": {
                name: wire.numbers(known.tensor(name, "gradient")) for name in parameters
            },
            "update": {"learning_rate": session.configuration.training.learning_rate},
        }


def explain(session: Session, query: Fields) -> Answer:
    """How one number came about; with the flag `columns`, long sums come as tables."""
    _, _, seen = looked_at(session, query)
    columns = body.flag(query, "columns")
    of = "gradient" if body.flag(query, "gradient") else body.choice(query, "of", OF, "value")
    with seen.lock, without_collector():
        known = seen.explainer
        target = known.target(body.text(query, "target"), of)  # type: ignore[arg-type]
        answer = known.arithmetic(target).as_dict(columns=columns)
        answer |= {"native": seen.beside(target), "receptive": seen.receptive(target)}
        if body.flag(query, "check"):
            answer["check"] = known.difference(str(replace(target, of="value"))).as_dict()
    return answer


def saliency(session: Session, query: Fields) -> Answer:
    """What of an image speaks for its class, and what against it."""
    held, image, seen = looked_at(session, query)
    kind = body.choice(query, "kind", ("gradient", "occlusion"), "gradient")
    if kind == "occlusion":
        with fastest(session, held).having(held) as engine:
            found = occlusion(engine, image.pixels, seen.label)
    else:
        with seen.lock:
            found = input_gradient(seen.explainer, seen.label)
    known = {"version": held.version, "kind": kind, "label": seen.label}
    return {**known, "title": found.title, "largest": found.largest, **wire.lists(found.values)}


def looked_at(session: Session, fields: Fields) -> tuple[Held, Image, Look]:
    """The model of this moment, the image asked for, and its numbers.

    With the flag `original`, it is the model without what one has tried out.

    Raises:
        UserError: there is no such image, or label; or it is of another size.
    """
    held, image = session.held, session.image(body.text(fields, "image"))
    if body.flag(fields, "original"):
        held = held.untouched
    label = None
    if "label" in fields:
        label = body.whole(fields, "label", 0, held.network.classes - 1)
    return held, image, look(session, held, image, label)


def _parameters(held: Held, query: Fields) -> list[str]:
    """Those of the layer that is asked for, of all without one."""
    if "layer" not in query:
        return [*held.network.parameters]
    layers = [stage.name for stage in held.network.stages]
    layer = body.choice(query, "layer", ["image", *layers])
    return [name for name in held.network.parameters if name.startswith(f"{layer}.")]


def _image(session: Session, image: Image) -> Answer:
    return {"address": image.address, **wire.pixels(session.parts.test.shape, image.pixels)}


ROUTES = {
    ("GET", "/api/forward"): forward,
    ("GET", "/api/backward"): backward,
    ("GET", "/api/explain"): explain,
    ("GET", "/api/saliency"): saliency,
}
