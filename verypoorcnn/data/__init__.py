"""Where images come from: files, folders, Fashion-MNIST, built-in sketches; and how they are split.

`sources.load` gives a training run its parts and `sources.load_evaluation` an evaluation its
images, whatever the source; both return `Dataset`s (`dataset`), which hold images as the bytes they
came as.  The readers of single formats are in `idx`, `csv_file` and `folder`, the drawings in
`sketches`, the ways to take a part of a set in `splits`.
"""
