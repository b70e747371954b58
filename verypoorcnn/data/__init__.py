"""Where images come from: files, folders, Fashion-MNIST, built-in sketches; and how they are split.

`load` gives a training run its parts and `load_evaluation` an evaluation its images, whatever the
source; both return `Dataset`s, which hold images as the bytes they came as.  The readers of single
formats are in `idx`, `csv_file` and `folder`, the drawings in `sketches`.
"""

from verypoorcnn.data.dataset import Dataset, Shape
from verypoorcnn.data.sources import Parts, load, load_evaluation
from verypoorcnn.data.splits import split, stratified

__all__ = ["Dataset", "Parts", "Shape", "load", "load_evaluation", "split", "stratified"]
