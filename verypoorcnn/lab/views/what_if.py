"""What one tries out on the model: a weight moved, set to another value, a filter made silent.

What is tried out lies on top of what was learned, and goes when it is reset or when another model
is taken up.  Whoever looks at a number in between sees its consequences.
"""

from __future__ import annotations

from typing import Any

from verypoorcnn.lab.edits import WhatIf, place
from verypoorcnn.lab.looking import look
from verypoorcnn.lab.session import Held, Session
from verypoorcnn.lab.views.numbers import layer_by_layer, looked_at
from verypoorcnn.lab.web import body, wire

Fields = dict[str, Any]
Answer = dict[str, Any]


def parameters(session: Session, query: Fields) -> Answer:
    """All parameters as they are now, and what of them was tried out.

    With the flag `changed` only the arrays in which something was; with `original` all, untouched.
    """
    held = session.held
    if body.flag(query, "original"):
        held = held.untouched
    return _parameters(held, only_changed=body.flag(query, "changed"))


def _parameters(held: Held, *, only_changed: bool) -> Answer:
    learned = held.untouched.parameters
    edits = [
        {
            "parameter": name,
            "index": list(index),
            "value": value,
            "was": learned[name].values[place(held.network, name, index)],
        }
        for (name, index), value in held.what_if.edits.items()
    ]
    return {
        "version": held.version,
        "values": {
            name: wire.numbers(tensor)
            for name, tensor in held.parameters.items()
            if not only_changed or tensor is not learned[name]
        },
        "edited": edits,
        "silenced": [{"layer": n, "filter": f} for n, f in sorted(held.what_if.silenced)],
    }


def nudge(session: Session, given: Fields) -> Answer:
    """How the loss of an image moves with one weight, beside what the gradient says of it."""
    held, _, seen = looked_at(session, given)
    name, index = body.text(given, "parameter"), body.index(given, "index")
    step = body.number(given, "by")
    value = held.parameters[name].values[place(held.network, name, index)]
    at = f"{name}{''.join(f'[{position}]' for position in index)}"
    with seen.lock:
        known = seen.explainer
        loss, gradient = known.array("loss"), known.value(at, "gradient")
        after = known.loss_with(at, value + step)
    predicted = loss + gradient * step
    return {
        "version": held.version,
        "value": value,
        "gradient": gradient,
        "loss": loss,
        "after": after,
        "predicted": predicted,
        "difference": after - predicted,
    }


def what_if(session: Session, given: Fields) -> Answer:
    """Weights of other values and silent filters, in the place of all that was tried out before.

    For a given `image` the answer holds the consequences: what every layer makes of it now, and the
    arrays of parameters in which something is changed.
    """
    edits = {}
    for edit in body.tables(given, "edits"):
        key = body.text(edit, "parameter"), tuple(body.index(edit, "index"))
        edits[key] = body.number(edit, "value")
    silenced = {
        (body.text(one, "layer"), body.whole(one, "filter", 0, 1 << 30))
        for one in body.tables(given, "silence")
    }
    image = session.image(body.text(given, "image")) if "image" in given else None
    held = session.try_out(WhatIf(edits, frozenset(silenced)))
    answer: Answer = {"version": held.version, "learned": held.untouched.version}
    if image:
        answer["forward"] = layer_by_layer(session, held, image, look(session, held, image))
        answer["parameters"] = _parameters(held, only_changed=True)
    return answer


def reset(session: Session, given: Fields) -> Answer:
    """As it was learned."""
    return what_if(session, {})


ROUTES = {
    ("GET", "/api/parameters"): parameters,
    ("POST", "/api/nudge"): nudge,
    ("POST", "/api/whatif"): what_if,
    ("POST", "/api/whatif/reset"): reset,
}
