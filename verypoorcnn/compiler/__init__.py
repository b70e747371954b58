"""From a textbook function to code that runs fast.

The compiler reads the source of an ordinary Python function over nested lists, together with the
shapes of one call, and turns its loops into specialised Python or into machine code.  It knows no
layer and no network: only functions, shapes, and which index is the sample.
"""
