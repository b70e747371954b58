"""THE MATHEMATICS.  One file a chapter, in the order in which an image meets them:

    first_step    bytes become numbers from 0 to 1, labels become one-hot vectors
    convolution   kernels slide over images
    activation    ReLU
    pooling       the largest value of each window
    dense         flattening, and layers in which everything is connected
    loss          softmax, cross-entropy, and whether the guess was right
    optimizer     gradient descent

Every function is nested loops over nested lists and writes its result into an argument.  Arrays are
batch first, and an index letter means the same thing in every chapter:

    s      sample, the image within the batch
    c      channel of the input
    f      filter, which is a channel of the output
    i, j   row and column of the output
    m, n   row and column within the kernel or the pooling window
    y, x   row and column of the input
    d      dimension of an input vector
    k      unit of an output vector, or class

The functions keep to a small subset of Python (docs/subset.md), so that they can be read in many
ways: run by CPython, run on dual numbers to prove the gradients, compiled.
"""
