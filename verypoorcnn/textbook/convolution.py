"""Convolution: small kernels slide over an image, and each looks for a pattern of its own.

    maps[f][i][j] = Σ_c Σ_m Σ_n images[c][y][x] · kernels[f][c][m][n] + biases[f]
    where  y = i · stride + m − padding  and  x = j · stride + n − padding

Paper, eq. 2 (eq. 1 is the same for continuous functions).  The paper writes a convolution, which
turns the kernel by 180°, but its gradient, eq. 9, belongs to the formula above, the
cross-correlation.  Like every framework we compute the latter; a kernel that is learned can be
learned either way round.

Around the image stand `padding` rows and columns of zeros.  They are never stored: a product with
one of them adds nothing, so the guards on y and x leave it out.

Gradients follow from eq. 4, the chain rule.  An output takes part in the loss L with weight
∂L/∂maps[f][i][j]; a kernel's number takes part in every output, so its gradient is a sum over all
of them (eq. 9), and so is that of the bias.  A pixel's gradient is the sum over the outputs whose
window covers it: each output gives its share back to the pixels that it saw.
"""


def conv2d(images, kernels, maps, stride, padding):
    """Slide every kernel over every image (paper, eq. 2, as cross-correlation).

    Shapes: images [s][c][y][x]; kernels [f][c][m][n]; maps [s][f][i][j] with
    rows = (image rows + 2 · padding − kernel rows) // stride + 1, and columns alike.
    """
    for s in range(len(maps)):
        for f in range(len(maps[s])):
            for i in range(len(maps[s][f])):
                for j in range(len(maps[s][f][i])):
                    total = 0.0
                    for c in range(len(kernels[f])):
                        for m in range(len(kernels[f][c])):
                            y = i * stride + m - padding
                            if 0 <= y < len(images[s][c]):
                                for n in range(len(kernels[f][c][m])):
                                    x = j * stride + n - padding
                                    if 0 <= x < len(images[s][c][y]):
                                        total += images[s][c][y][x] * kernels[f][c][m][n]
                    maps[s][f][i][j] = total


def conv2d_kernel_gradient(images, map_gradients, kernel_gradients, stride, padding):
    """∂L/∂kernels: correlate the images with the gradient of the maps (paper, eq. 9).

    Shapes: images [s][c][y][x]; map_gradients [s][f][i][j]; kernel_gradients [f][c][m][n].
    """
    for f in range(len(kernel_gradients)):
        for c in range(len(kernel_gradients[f])):
            for m in range(len(kernel_gradients[f][c])):
                for n in range(len(kernel_gradients[f][c][m])):
                    total = 0.0
                    for s in range(len(map_gradients)):
                        for i in range(len(map_gradients[s][f])):
                            y = i * stride + m - padding
                            if 0 <= y < len(images[s][c]):
                                for j in range(len(map_gradients[s][f][i])):
                                    x = j * stride + n - padding
                                    if 0 <= x < len(images[s][c][y]):
                                        total += map_gradients[s][f][i][j] * images[s][c][y][x]
                    kernel_gradients[f][c][m][n] = total


def conv2d_image_gradient(map_gradients, kernels, image_gradients, stride, padding):
    """∂L/∂images: every output gives its share back to the pixels of its window.

    Shapes: map_gradients [s][f][i][j]; kernels [f][c][m][n]; image_gradients [s][c][y][x].
    """
    for s in range(len(image_gradients)):
        for c in range(len(image_gradients[s])):
            for y in range(len(image_gradients[s][c])):
                for x in range(len(image_gradients[s][c][y])):
                    image_gradients[s][c][y][x] = 0.0
    for s in range(len(map_gradients)):
        for f in range(len(map_gradients[s])):
            for i in range(len(map_gradients[s][f])):
                for j in range(len(map_gradients[s][f][i])):
                    share = map_gradients[s][f][i][j]
                    for c in range(len(kernels[f])):
                        for m in range(len(kernels[f][c])):
                            y = i * stride + m - padding
                            if 0 <= y < len(image_gradients[s][c]):
                                for n in range(len(kernels[f][c][m])):
                                    x = j * stride + n - padding
                                    if 0 <= x < len(image_gradients[s][c][y]):
                                        image_gradients[s][c][y][x] += share * kernels[f][c][m][n]


def add_map_biases(maps, biases):
    """Add to every map the bias of its filter.

    Shapes: maps [s][f][i][j], changed in place; biases [f].
    """
    for s in range(len(maps)):
        for f in range(len(maps[s])):
            for i in range(len(maps[s][f])):
                for j in range(len(maps[s][f][i])):
                    maps[s][f][i][j] += biases[f]


def map_bias_gradient(map_gradients, bias_gradients):
    """∂L/∂biases: a bias takes part in every output of its filter.

    Shapes: map_gradients [s][f][i][j]; bias_gradients [f].
    """
    for f in range(len(bias_gradients)):
        total = 0.0
        for s in range(len(map_gradients)):
            for i in range(len(map_gradients[s][f])):
                for j in range(len(map_gradients[s][f][i])):
                    total += map_gradients[s][f][i][j]
        bias_gradients[f] = total
