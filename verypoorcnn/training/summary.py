"""A network as a table: what each layer makes of its input, learns, and costs."""

from __future__ import annotations

from verypoorcnn.network import Network
from verypoorcnn.network.layer import times


def summary(network: Network) -> str:
    """One line a layer: name, type, output shape, parameters, multiply-adds of one image."""
    rows = [("layer", "type", "output", "parameters", "multiply-adds")]
    rows += [("images", "", times(network.input_shape), "0", "0")]
    rows += [
        (
            stage.name,
            type(stage.layer).__name__,
            times(stage.output_shape),
            f"{stage.parameter_count:,}",
            f"{stage.multiply_adds:,}",
        )
        for stage in network.stages
    ]
    rows += [("total", "", "", f"{network.parameter_count:,}", f"{network.multiply_adds:,}")]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}  {e:>{widths[4]}}"
        for a, b, c, d, e in rows
    ]
    rule = "─" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])
