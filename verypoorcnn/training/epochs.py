"""Finished epochs as lines of text."""

from __future__ import annotations

import sys

from verypoorcnn.training.loop import Callback, Record, Trainer


class PrintEpochs(Callback):
    """One line an epoch on stderr."""

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Print it."""
        print(epoch_line(record, trainer.settings.epochs), file=sys.stderr)


def epoch_line(record: Record, epochs: int) -> str:
    """`epoch  3/25  loss 1.4048  accuracy 52.0 % (running)`."""
    line = (
        f"epoch {record['epoch']:>{len(str(epochs))}}/{epochs}  loss {record['loss']:.4f}  "
        f"accuracy {100 * record['accuracy']:.1f} % ({record['measured']})"
    )
    if validation := record.get("validation"):
        line += (
            f"  validation: loss {validation['loss']:.4f}  "
            f"accuracy {100 * validation['accuracy']:.1f} %"
        )
    return line
