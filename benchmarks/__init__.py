"""What the server does a second, each figure beside a baseline of the same run.

`python -m benchmarks` measures all, `python -m benchmarks.drain` and its kin one figure each; `--quick` is one short
iteration, which says nothing of speed and only shows that the benchmark still runs.
"""
