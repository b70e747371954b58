"""The paper's experiment, by the API: train its network on Fashion-MNIST, test it, keep it.

    python3 -m examples.paper                    as in the paper, about two minutes
    python3 -m examples.paper sketches 5 300     other data, fewer epochs, fewer images

It ends with the figures of `python3 -m verypoorcnn train`, to the last bit.
"""

import sys

from verypoorcnn import Model, load_data


def main(source: str = "fashion-mnist", epochs: str = "25", images: str = "1500") -> None:
    data = load_data(source, train_samples=int(images), test_samples=600)
    model = Model(class_names=data.train.class_names)  # the paper's network
    print(model.summary())
    model.fit(data.train, epochs=int(epochs), batch_size=16, learning_rate=0.008)
    metrics = model.evaluate(data.test)
    print(f"{data.origin}: accuracy {metrics.accuracy:.1%}, F1 {metrics.f1:.1%}")
    model.save("paper.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
