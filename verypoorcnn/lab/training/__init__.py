"""Everything that trains in the lab, in threads of its own.

Requests only say what is wanted and read what was put there for them; what takes time is done by
a worker.  Of each kind there is one, and it does what was asked for last:

    live.py           one training that goes on while every knob is turned: wanted.py what the page
                      has asked for, course.py where it stands, watching.py what is seen of it,
                      paced.py how it is slowed down, history.py the epochs that it leaves
    experiments.py    whole trainings with many seeds; sweep.py those of two settings: study.py what
                      both have in common, trial.py one training with one seed
    timeline.py       what the network was at each epoch; repeat.py trains a saved model once more

Beneath them all: material.py network, images and settings, variants.py other networks like it,
fields.py what may be asked for, compiled.py engines, worker.py the thread.
"""
