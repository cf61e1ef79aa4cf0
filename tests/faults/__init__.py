"""The crash tester: load from several clients while processes are killed, and a checker of what came of it.

`python -m tests.faults --kills 1000` runs it at large.
"""
