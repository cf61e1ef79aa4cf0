"""The worker runtime.

`python -m blazy_jobs.worker` is the control process: it claims, reports and renews, and never runs user code. Its
children do: a *host* with one loop for all async handlers and all middleware, and *slots* with one run at a time.

    control.py   the whole, from start to drain          child.py    what a child process starts with
    lane.py      one registration: claim and report      host.py     many runs on one loop
    session.py   the protocol's calls, tried again       slot.py     one run at a time, killable
    hosting.py, slots.py   who runs what, who is stopped
    children.py  starts, watches and kills processes     pulse.py    both sides' signs of life
    slot_process.py, slot_log.py   one slot as the control process has it, and what it notes in shared memory
    group.py     plain runs that were claimed together   pace.py     how many may be claimed ahead
"""
