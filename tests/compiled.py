"""What tests of the compiler share: functions that must not be reordered, and arrays at random."""

from __future__ import annotations

from random import Random

from verypoorcnn.compiler.loops import Array


def prefix_sums(images, outputs):
    for s in range(len(images)):
        total = 0.0
        for i in range(len(images[s])):
            total += images[s][i]
            outputs[s][i] = total


def recurrence(images, outputs):
    for s in range(len(images)):
        outputs[s][0] = images[s][0]
        for i in range(1, len(images[s])):
            outputs[s][i] = outputs[s][i - 1] * 0.5 + images[s][i]


def reversal_in_place(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            outputs[s][i] = outputs[s][len(images[s]) - 1 - i] + images[s][i]


def position_of_largest(images, outputs):
    for s in range(len(images)):
        best = images[s][0]
        chosen = 0.0
        position = 0.0
        for i in range(len(images[s])):
            if images[s][i] > best:
                best = images[s][i]
                chosen = position
            position += 1.0
        for i in range(len(images[s])):
            outputs[s][i] = chosen + best


def carry_by_data(images, outputs):
    for s in range(len(images)):
        carry = 0.0
        for i in range(len(images[s])):
            carry = max(carry * 0.9, images[s][i]) - min(images[s][0], 0.25)
            if carry > 0.5:
                carry = carry - 0.5
            else:
                carry = carry * 0.5
            outputs[s][i] = carry


def shifted_both_ways(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s]) - 1):
            outputs[s][i] += images[s][i]
            outputs[s][i + 1] -= outputs[s][i]


def mean_shift(images, outputs):
    for s in range(len(images)):
        total = 0.0
        for i in range(len(images[s])):
            total += images[s][i]
        mean = total / len(images[s])
        for i in range(len(images[s])):
            outputs[s][i] = images[s][i] - mean


def from_sample_to_sample(images, outputs):
    for s in range(1, len(images)):
        for i in range(len(images[s])):
            outputs[s][i] = outputs[s - 1][i] * 0.5 + images[s][i]


def samples_backwards(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            outputs[len(images) - 1 - s][i] += outputs[s][i] + images[s][i]


def a_local_across_samples(images, outputs):
    total = 0.0
    for s in range(len(images)):
        for i in range(len(images[s])):
            total += images[s][i]
        outputs[s][0] = total


def signed_zeros(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            total = 0.0
            for j in range(len(images[s])):
                total += images[s][j] * -0.0
            outputs[s][i] = max(total, -0.0) * -1.0
            outputs[s][i] = min(outputs[s][i], 0.0)


def sum_of_sums(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            outputs[s][i] = images[s][i] - (images[s][0] - (outputs[s][i] - 1.0)) / 3.0 * 2.0


def stored_at_times(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            if images[s][i] > 0.5:
                outputs[s][i] = images[s][i]


def choices_in_choices(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            if images[s][i] > 0.0:
                if outputs[s][i] > 0.0:
                    outputs[s][i] = 1.0
                else:
                    outputs[s][i] = 2.0
            elif images[s][0] > 0.0:
                outputs[s][i] = max(images[s][i], -1.0) * 3.0
            else:
                outputs[s][i] = 4.0


def two_names_for_one_element(images, outputs):
    for s in range(len(images)):
        for i in range(len(images[s])):
            outputs[s][i] += images[s][i]
            outputs[0][0] += outputs[s][i]
            images[len(images) - 1][i] -= outputs[0][i]


HARD = [
    stored_at_times,
    choices_in_choices,
    two_names_for_one_element,
    prefix_sums,
    recurrence,
    reversal_in_place,
    position_of_largest,
    carry_by_data,
    shifted_both_ways,
    mean_shift,
    from_sample_to_sample,
    samples_backwards,
    a_local_across_samples,
    signed_zeros,
    sum_of_sums,
]


def two_arrays(samples: int, length: int) -> list[Array]:
    """What the hard functions are called with."""
    return [Array(name, (samples, length), per_sample=True) for name in ("images", "outputs")]


def random_lists(arrays: list[Array], seed: int = 0):
    """Nested lists of numbers, some of them zeros of either sign."""
    random = Random(seed)

    def nested(shape):
        if not shape:
            return random.choice((0.0, -0.0, 1.0, random.uniform(-2, 2), random.uniform(-2, 2)))
        return [nested(shape[1:]) for _ in range(shape[0])]

    return [nested(array.shape) for array in arrays]
