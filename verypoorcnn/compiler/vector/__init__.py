"""Linear code of vector operations on virtual registers: the same for every processor.

`layout` says where every number of an array lies, `generate` turns a schedule into operations, and
`interpret` runs them in plain Python, so that all of it can be tested without any machine code.
"""
