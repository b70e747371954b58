"""The bottom of the native back end: instructions, memory that can be executed, processors.

Nothing here knows of loops, schedules or layers.  What belongs to one kind of processor stands in
a folder of its own (`x86/`); `memory` serves them all.
"""
