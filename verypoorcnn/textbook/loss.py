"""Loss: how far the network's probabilities are from the truth.

    softmax:        p_k = exp(z_k) / Σ_j exp(z_j)          probabilities of the classes
    cross-entropy:  L   = − Σ_k y_k · log p_k              y is the one-hot label
    together:       ∂L/∂z_k = p_k − y_k                    (paper, eq. 5)

Taking the largest logit from all of them changes no probability and keeps exp from overflowing.
For the same reason the loss is not computed from p, which can round to 0, but from the logits:

    − log p_k = log Σ_j exp(z_j − z_max) − (z_k − z_max)

The loss of a batch is the mean over its samples, so each sample's gradient is divided by their
number.
"""

from math import exp, log


def softmax(logits, probabilities):
    """Turn logits into probabilities.

    Shapes: logits [s][k]; probabilities [s][k].
    """
    for s in range(len(probabilities)):
        largest = logits[s][0]
        for k in range(len(logits[s])):
            largest = max(largest, logits[s][k])
        total = 0.0
        for k in range(len(probabilities[s])):
            probabilities[s][k] = exp(logits[s][k] - largest)
            total += probabilities[s][k]
        for k in range(len(probabilities[s])):
            probabilities[s][k] = probabilities[s][k] / total


def cross_entropy(logits, targets, losses):
    """The loss of every sample, from its logits.

    Shapes: logits [s][k]; targets [s][k], one-hot; losses [s], in nats.
    """
    for s in range(len(losses)):
        largest = logits[s][0]
        for k in range(len(logits[s])):
            largest = max(largest, logits[s][k])
        total = 0.0
        for k in range(len(logits[s])):
            total += exp(logits[s][k] - largest)
        loss = 0.0
        for k in range(len(logits[s])):
            loss += targets[s][k] * (log(total) - (logits[s][k] - largest))
        losses[s] = loss


def softmax_cross_entropy_gradient(probabilities, targets, logit_gradients, samples):
    """∂L/∂z = (p − y) / samples (paper, eq. 5), where L is the mean over `samples` samples.

    Shapes: probabilities, targets and logit_gradients [s][k].
    """
    for s in range(len(logit_gradients)):
        for k in range(len(logit_gradients[s])):
            logit_gradients[s][k] = (probabilities[s][k] - targets[s][k]) / samples


def count_hits(probabilities, targets, hits):
    """1 for every sample whose most probable class is the true one, else 0.

    Of several classes that are equally probable, the first is the guess.
    Shapes: probabilities [s][k]; targets [s][k], one-hot; hits [s].
    """
    for s in range(len(hits)):
        largest = probabilities[s][0]
        for k in range(len(probabilities[s])):
            largest = max(largest, probabilities[s][k])
        guess = 1.0
        hits[s] = 0.0
        for k in range(len(probabilities[s])):
            if probabilities[s][k] == largest:
                hits[s] += guess * targets[s][k]
                guess = 0.0  # it is made: a later tie is no guess
