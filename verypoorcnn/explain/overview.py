"""An image's way through a network in one table: what every layer makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from verypoorcnn.explain.explainer import Explainer
from verypoorcnn.explain.target import indices
from verypoorcnn.network.layer import times


def ends(explainer: Explainer, sample: int = 0) -> list[dict[str, Any]]:
    """Of the image, every layer and the probabilities: name, shape, smallest and largest number."""
    shapes = explainer.arrays()
    names = ["image", *(stage.name for stage in explainer.network.stages), "probabilities"]
    numbers = {name: [*_flat(explainer.array(name, sample=sample))] for name in names}
    return [
        {"name": n, "shape": list(shapes[n]), "smallest": min(some), "largest": max(some)}
        for n, some in numbers.items()
    ]


def ends_text(rows: Sequence[dict[str, Any]]) -> str:
    """The same as a table."""
    lines = [f"{'':<15}{'shape':<10}{'smallest':>12}{'largest':>12}"]
    for row in rows:
        numbers = f"{row['smallest']:>12.4g}{row['largest']:>12.4g}"
        lines.append(f"{row['name']:<15}{times(row['shape']):<10}{numbers}")
    return "\n".join(lines)


def hint(explainer: Explainer) -> str:
    """Two numbers that one could ask about next."""
    shapes = explainer.arrays()
    names = [explainer.network.stages[0].name, *explainer.network.parameters]
    middle = [f"{n}{indices(tuple(size // 2 for size in shapes[n]))}" for n in names[:2]]
    return f"more of any number: --at '{middle[0]}', or --at '{middle[-1]}' --gradient"


def _flat(lists: Any) -> Iterator[float]:
    if isinstance(lists, list):
        for part in lists:
            yield from _flat(part)
    else:
        yield lists
