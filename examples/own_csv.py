"""Train on a CSV file of your own, then look at what the model makes of its first rows.

    python3 -m examples.own_csv FILE.csv [EPOCHS]

A row is a label (0, 1, 2, …) and the pixels of a square grey image, from 0 to 255.
"""

import sys

from verypoorcnn import Model, paper, read_csv, split


def main(path: str, epochs: str = "25") -> None:
    images = read_csv(path)
    train, test = split(images, 0.2)  # a fifth to test with, each class in proportion
    network = paper(images.shape, classes=len(images.class_names))
    model = Model(network, class_names=images.class_names)
    model.fit(train, epochs=int(epochs))
    print(f"accuracy {model.evaluate(test).accuracy:.1%} on {len(test)} images never seen")
    first = images.first(5)
    for row, guess in enumerate(model.predict(first)):
        print(f"row {row}: class {guess.name}, {guess.probability:.1%}; it is {first.labels[row]}")
    model.save("own.safetensors")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
