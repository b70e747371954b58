"""Max pooling: of each window only the largest value stays (paper, section II.A.3).

    maps[c][i][j] = max over m, n of images[c][i · stride + m][j · stride + n]

Its gradient (paper, eq. 8) goes back to the pixel that was the largest and to no other.  As
written, eq. 8 sends it to *every* largest pixel, which would count it several times over where
values are equal (after ReLU, many are 0).  Like PyTorch we send it to the first, in reading order.
"""


def max_pool(images, maps, size, stride):
    """Keep the largest value of each window of size × size.

    Shapes: images [s][c][y][x]; maps [s][c][i][j] with rows = (image rows − size) // stride + 1,
    and columns alike.
    """
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    largest = images[s][c][i * stride][j * stride]
                    for m in range(size):
                        for n in range(size):
                            largest = max(largest, images[s][c][i * stride + m][j * stride + n])
                    maps[s][c][i][j] = largest


def max_pool_gradient(images, maps, map_gradients, image_gradients, size, stride):
    """Give each gradient to the first largest value of its window (paper, eq. 8).

    Shapes: images and image_gradients [s][c][y][x]; maps (the outputs) and map_gradients
    [s][c][i][j].
    """
    for s in range(len(image_gradients)):
        for c in range(len(image_gradients[s])):
            for y in range(len(image_gradients[s][c])):
                for x in range(len(image_gradients[s][c][y])):
                    image_gradients[s][c][y][x] = 0.0
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    gradient = map_gradients[s][c][i][j]
                    for m in range(size):
                        for n in range(size):
                            y = i * stride + m
                            x = j * stride + n
                            if images[s][c][y][x] == maps[s][c][i][j]:
                                image_gradients[s][c][y][x] += gradient
                                gradient = 0.0  # it is given away: later ties get nothing
