"""Train on photos of your own: a folder that holds a folder of images for each class.

    pip install pillow
    python3 -m examples.own_images FOLDER [EPOCHS]

The folders' names are the classes; photos may be of any size.
"""

import sys

from verypoorcnn import Conv2D, Dense, Flatten, MaxPool2D, Model, Network, ReLU, read_folder, split

SHAPE = (3, 32, 32)  # red, green and blue; every image is brought to this size


def main(folder: str, epochs: str = "25") -> None:
    images = read_folder(folder, SHAPE)
    train, test = split(images, 0.2)  # a fifth to test with, each class in proportion
    convolution = (Conv2D(filters=8, kernel_size=5, strides=2), ReLU(), MaxPool2D(pool_size=2))
    layers = (*convolution, Flatten(), Dense(units=len(images.class_names)))
    model = Model(Network(SHAPE, layers), class_names=images.class_names)
    model.fit(train, epochs=int(epochs), learning_rate=0.02)
    print(f"accuracy {model.evaluate(test).accuracy:.1%} on {len(test)} images never seen")
    model.save("photos.safetensors")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
