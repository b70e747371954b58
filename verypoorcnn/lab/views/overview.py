"""What the page asks first: what the lab holds, and who computes."""

from __future__ import annotations

from typing import Any

from verypoorcnn import __version__
from verypoorcnn.engines import ENGINES
from verypoorcnn.lab.looking import fastest
from verypoorcnn.lab.session import Held, Session
from verypoorcnn.lab.views.code import ENDS, described
from verypoorcnn.network import Network
from verypoorcnn.network.network import Stage

Fields = dict[str, Any]
Answer = dict[str, Any]


def session(session: Session, query: Fields) -> Answer:
    """Everything that the page needs to begin."""
    held, parts = session.held, session.parts
    return {
        "version": held.version,
        "learned": held.untouched.version,
        "program_version": __version__,
        "title": session.title,
        "origin": held.origin,
        "sees": f"{len(parts.train):,} images, {parts.train.source}",
        "network": _network(held.network),
        "class_names": list(session.class_names),
        "data": {
            "origin": parts.origin,
            "notes": list(parts.notes),
            "train": len(parts.train),
            "test": len(parts.test),
            "shape": list(parts.train.shape),
        },
        "engine": _engine(session, held),
        "configuration": session.configuration.as_dict(),
    }


def _network(network: Network) -> Answer:
    return {
        "input_shape": list(network.input_shape),
        "classes": network.classes,
        "parameters": network.parameter_count,
        "multiply_adds": network.multiply_adds,
        "layers": [_layer(network, stage) for stage in network.stages],
        "ends": {name: described(network, name) for name in ENDS},
    }


def _layer(network: Network, stage: Stage) -> Answer:
    return {
        "name": stage.name,
        "type": type(stage.layer).__name__,
        "settings": stage.layer.settings(),
        "input_shape": list(stage.input_shape),
        "output_shape": list(stage.output_shape),
        "parameters": {f"{stage.name}.{n}": list(p.shape) for n, p in stage.parameters.items()},
        "multiply_adds": stage.multiply_adds,
        "functions": described(network, stage.name),
    }


def _engine(session: Session, held: Held) -> Answer:
    engine = fastest(session, held).engine
    choices = [{"name": name, "obstacle": kind.obstacle()} for name, kind in ENGINES.items()]
    return {"name": engine.name, "about": f"{engine.name}{engine.about()}", "choices": choices}


ROUTES = {("GET", "/api/session"): session}
