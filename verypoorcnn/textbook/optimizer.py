"""Stochastic gradient descent: a small step downhill after every batch.

    value ← value − rate · ∂L/∂value                       (paper, algorithm 2, line 17)

The formula stands once for every number of indices that parameters have.
"""


def sgd_vector(values, gradients, rate):
    """Step the biases.  Shapes: values and gradients [k]."""
    for k in range(len(values)):
        values[k] -= rate * gradients[k]


def sgd_matrix(values, gradients, rate):
    """Step the weights of a dense layer.  Shapes: values and gradients [k][d]."""
    for k in range(len(values)):
        for d in range(len(values[k])):
            values[k][d] -= rate * gradients[k][d]


def sgd_kernels(values, gradients, rate):
    """Step the kernels of a convolution.  Shapes: values and gradients [f][c][m][n]."""
    for f in range(len(values)):
        for c in range(len(values[f])):
            for m in range(len(values[f][c])):
                for n in range(len(values[f][c][m])):
                    values[f][c][m][n] -= rate * gradients[f][c][m][n]
