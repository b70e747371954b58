"""What the page wants of the live training: its settings, and whether it plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from verypoorcnn.engines import ENGINES, choose_engine
from verypoorcnn.lab.training.fields import Choice, Fields, Number
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.variants import INITIALIZERS, initializer_of

ACTIONS = ("play", "pause", "step", "epoch", "reset", "adopt")
MODES = {"play": "play", "step": "step", "epoch": "epoch"}  # that actions lead to; others pause
FULL_SPEED = 0.0  # the pace that is none
USUAL_PACE = 2.0  # epochs a second
ON_THE_WAY = {"learning_rate", "pace"}  # what can change while the trainer runs
LARGEST_SEED = 9999


@dataclass(frozen=True)
class Wanted:
    """What the page has asked for."""

    settings: Mapping[str, Any]
    mode: str = "pause"  # or "play", "step", "epoch"
    begin: str | None = None  # "reset" or "adopt": with which parameters to begin anew
    job: int = 0  # of the worker; another one with everything that a trainer under way cannot do

    def asked(self, action: str | None, settings: Mapping[str, Any]) -> Wanted:
        """What is wanted after another request; one without an action lets it play on."""
        playing_on = self.mode if self.mode in ("play", "epoch") else "pause"
        after = replace(
            self,
            settings={**self.settings, **settings},
            mode=MODES.get(action, "pause") if action else playing_on,
            begin=action if action in ("reset", "adopt") else self.begin,
        )
        return after if self._goes_on_as(after) else replace(after, job=self.job + 1)

    def _goes_on_as(self, after: Wanted) -> bool:
        """Whether a trainer that does what was wanted before need not even stop."""
        if (self.mode, self.begin) != (after.mode, after.begin) or self.mode == "pause":
            return False
        return {n for n, v in after.settings.items() if self.settings[n] != v} <= ON_THE_WAY


def live_fields(material: Material) -> Fields:
    """All that can be set."""
    return {
        **material.fields,
        "initializer": Choice(INITIALIZERS),
        "seed": Number(0, LARGEST_SEED).reaching(_seed(material)),
        "engine": Choice(tuple(n for n, kind in ENGINES.items() if kind.obstacle() is None)),
        "pace": Number(FULL_SPEED, 100.0, whole=False),
    }


def live_defaults(material: Material) -> dict[str, Any]:
    """How it is set when the lab opens: the configuration's settings, on the fastest engine."""
    return {
        **material.defaults,
        "initializer": initializer_of(material.network),
        "seed": _seed(material),
        "engine": choose_engine().name,
        "pace": USUAL_PACE,
    }


def _seed(material: Material) -> int:
    return material.session.configuration.training.seed
