"""Flattening and dense layers: from maps to a vector, and from every number to every unit.

    flatten:  vectors[(c · rows + i) · columns + j] = maps[c][i][j]
    dense:    outputs[k] = Σ_d inputs[d] · weights[k][d] + biases[k]          z = W x + b

Gradients:

    ∂L/∂W = ∂L/∂z · xᵀ     summed over the samples                            (paper, eq. 6)
    ∂L/∂x = Wᵀ · ∂L/∂z                                                       (paper, eq. 7)
    ∂L/∂b = ∂L/∂z          summed over the samples
"""


def flatten(maps, vectors):
    """Lay the maps of a sample one after another, row by row.

    Shapes: maps [s][c][i][j]; vectors [s][d].
    """
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    d = (c * len(maps[s][c]) + i) * len(maps[s][c][i]) + j
                    vectors[s][d] = maps[s][c][i][j]


def flatten_gradient(vector_gradients, map_gradients):
    """Put every gradient back to where its number came from.

    Shapes: vector_gradients [s][d]; map_gradients [s][c][i][j].
    """
    for s in range(len(map_gradients)):
        for c in range(len(map_gradients[s])):
            for i in range(len(map_gradients[s][c])):
                for j in range(len(map_gradients[s][c][i])):
                    d = (c * len(map_gradients[s][c]) + i) * len(map_gradients[s][c][i]) + j
                    map_gradients[s][c][i][j] = vector_gradients[s][d]


def dense(inputs, weights, outputs):
    """Weigh and add up all inputs, once for every output unit: W x.

    Shapes: inputs [s][d]; weights [k][d]; outputs [s][k].
    """
    for s in range(len(outputs)):
        for k in range(len(outputs[s])):
            total = 0.0
            for d in range(len(inputs[s])):
                total += inputs[s][d] * weights[k][d]
            outputs[s][k] = total


def dense_weight_gradient(inputs, output_gradients, weight_gradients):
    """∂L/∂W = ∂L/∂z · xᵀ, summed over the samples (paper, eq. 6).

    Shapes: inputs [s][d]; output_gradients [s][k]; weight_gradients [k][d].
    """
    for k in range(len(weight_gradients)):
        for d in range(len(weight_gradients[k])):
            total = 0.0
            for s in range(len(inputs)):
                total += output_gradients[s][k] * inputs[s][d]
            weight_gradients[k][d] = total


def dense_input_gradient(output_gradients, weights, input_gradients):
    """∂L/∂x = Wᵀ · ∂L/∂z (paper, eq. 7).

    Shapes: output_gradients [s][k]; weights [k][d]; input_gradients [s][d].
    """
    for s in range(len(input_gradients)):
        for d in range(len(input_gradients[s])):
            total = 0.0
            for k in range(len(output_gradients[s])):
                total += output_gradients[s][k] * weights[k][d]
            input_gradients[s][d] = total


def add_unit_biases(outputs, biases):
    """Add to every output unit its bias.

    Shapes: outputs [s][k], changed in place; biases [k].
    """
    for s in range(len(outputs)):
        for k in range(len(outputs[s])):
            outputs[s][k] += biases[k]


def unit_bias_gradient(output_gradients, bias_gradients):
    """∂L/∂b: a bias takes part once in every sample.

    Shapes: output_gradients [s][k]; bias_gradients [k].
    """
    for k in range(len(bias_gradients)):
        total = 0.0
        for s in range(len(output_gradients)):
            total += output_gradients[s][k]
        bias_gradients[k] = total
