"""What is decided before code is made: which loops fuse, which become lanes, tiles, run-time loops.

Every pass takes a function of the loop IR and gives one that computes the same; the last one,
`plan`, gives the schedule, a tree that says of every loop how it is to run.  None knows a layer.
"""
