"""Metrics as text that can be read in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from verypoorcnn.training.metrics import Metrics

HEADING_WIDTH = 5  # letters of a class name above a column: ten classes fit 80 columns
NAME_WIDTH = 24  # letters of a class name in front of a row
MOST_CLASSES = 20  # of which the confusion matrix is shown
CORNER = "true \\ predicted"


def metrics_table(metrics: Metrics) -> str:
    """A line on the whole, then a line a class; figures in percent, as the paper gives them."""
    names = _row_names([m.name for m in metrics.per_class])
    width = len(names[0])
    lines = [_overall(metrics), "", f"{'':{width}}  precision    recall        F1   samples"]
    for name, (_, precision, recall, f1, support) in zip(names, metrics.per_class, strict=True):
        figures = "".join(f"{_percent(figure):>10}" for figure in (precision, recall, f1))
        lines.append(f"{name} {figures}{support:10d}")
    if metrics.undefined:
        undefined = ", ".join(metrics.undefined)
        lines += ["", f"without a sample or never predicted, so 0/0 is shown as 0: {undefined}"]
    return "\n".join(lines)


def confusion_table(metrics: Metrics) -> str:
    """The confusion matrix: rows are the true classes, columns the predicted; zeros are dots.

    Where it would be too wide to be read, a line that says where it is.
    """
    names = [m.name for m in metrics.per_class]
    if len(names) > MOST_CLASSES:
        return f"the confusion matrix of {len(names)} classes is in the report, and in --json"
    headings = [name[:HEADING_WIDTH].strip() for name in names]
    if len(set(headings)) < len(names):  # too much alike when abbreviated
        headings = [str(label) for label in range(len(names))]
        names = [f"{label} {name}" for label, name in enumerate(names)]
    rows = [headings, *([str(count or ".") for count in row] for row in metrics.confusion)]
    width = max(len(cell) for row in rows for cell in row) + 1
    return "\n".join(
        name + "".join(f"{cell:>{width}}" for cell in row)
        for name, row in zip(_row_names([CORNER, *names]), rows, strict=True)
    )


def confusions_line(metrics: Metrics, count: int = 3) -> str:
    """The pairs of classes most often taken for each other, and how often each way."""
    pairs = [
        f"{first} and {second} {total} ({there} + {back})"
        for first, second, total, there, back in metrics.most_confused(count)
    ]
    return f"most confused: {', '.join(pairs)}" if pairs else "no class was taken for another"


def _overall(metrics: Metrics) -> str:
    figures = f"accuracy {_percent(metrics.accuracy)}, precision {_percent(metrics.precision)}, "
    figures += f"recall {_percent(metrics.recall)}, F1 {_percent(metrics.f1)}"
    return f"{figures}, loss {metrics.loss:.4f} on {metrics.samples} samples"


def _percent(figure: float) -> str:
    return f"{100 * figure:.1f} %"


def _row_names(names: Sequence[str]) -> list[str]:
    """All equally long: the long ones cut, the others filled up."""
    width = min(NAME_WIDTH, max(len(name) for name in names))
    cut = (name if len(name) <= width else name[: width - 1] + "…" for name in names)
    return [name.ljust(width) for name in cut]
