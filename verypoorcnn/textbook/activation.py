"""Activation: without it, layers of sums would be one big sum.

    ReLU:  output = max(0, input)                                            (paper, eq. 3)
    ∂L/∂input = ∂L/∂output where the output is positive, else 0

At an input of exactly 0 the function has a corner; like every framework we take the slope 0 there.
The formula stands twice because maps have four indices and vectors two.
"""


def relu_maps(images, maps):
    """Cut off what is negative (paper, eq. 3).

    Shapes: images [s][c][i][j]; maps [s][c][i][j].
    """
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    maps[s][c][i][j] = max(0.0, images[s][c][i][j])


def relu_maps_gradient(maps, map_gradients, image_gradients):
    """Let the gradient pass where the output is positive.

    Shapes: maps (the outputs), map_gradients and image_gradients [s][c][i][j].
    """
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    if maps[s][c][i][j] > 0.0:
                        image_gradients[s][c][i][j] = map_gradients[s][c][i][j]
                    else:
                        image_gradients[s][c][i][j] = 0.0


def relu_vectors(inputs, outputs):
    """Cut off what is negative (paper, eq. 3).

    Shapes: inputs [s][d]; outputs [s][d].
    """
    for s in range(len(outputs)):
        for d in range(len(outputs[s])):
            outputs[s][d] = max(0.0, inputs[s][d])


def relu_vectors_gradient(outputs, output_gradients, input_gradients):
    """Let the gradient pass where the output is positive.

    Shapes: outputs, output_gradients and input_gradients [s][d].
    """
    for s in range(len(outputs)):
        for d in range(len(outputs[s])):
            if outputs[s][d] > 0.0:
                input_gradients[s][d] = output_gradients[s][d]
            else:
                input_gradients[s][d] = 0.0
