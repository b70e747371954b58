"""From a model file to what is on one image, in a process of its own.

python3 -m verypoorcnn.training.benchmark.first_prediction model.safetensors [ENGINE]
"""

from __future__ import annotations

import sys

from verypoorcnn.training.model import Model

if __name__ == "__main__":
    engine = sys.argv[2] if len(sys.argv) > 2 else "auto"
    model = Model.load(sys.argv[1], engine=engine)
    print(model.predict([bytes(784)])[0].label)
