"""The first step: from what is in a file to what a network can compute with (paper, section V.A).

image = byte / 255                      a pixel from 0 (black) to 1 (white)
y_k   = 1 if k is the label, else 0     the label as a one-hot vector
"""


def scale_pixels(pixels, images):
    """Bring bytes from 0–255 to numbers from 0 to 1.

    Shapes: pixels [s][c][y][x], bytes; images [s][c][y][x].
    """
    for s in range(len(images)):
        for c in range(len(images[s])):
            for y in range(len(images[s][c])):
                for x in range(len(images[s][c][y])):
                    images[s][c][y][x] = pixels[s][c][y][x] / 255.0


def one_hot(labels, targets):
    """Write a 1 at the place of the label and 0 elsewhere.

    Shapes: labels [s], whole numbers; targets [s][k].
    """
    for s in range(len(targets)):
        for k in range(len(targets[s])):
            if labels[s] == k:
                targets[s][k] = 1.0
            else:
                targets[s][k] = 0.0
