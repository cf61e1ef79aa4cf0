"""HTTP handlers: runs that the server POSTs to a URL.

`sealing` keeps their secrets. `lanes` has a `lane` for each origin, which claims and reports as a worker does; `slots`
says how many requests may be under way, `breaker` whether the origin can be reached; `exchange` makes one request of a
run, and `answers` says what its answer means for it. `reporting` hears of runs by their own tokens.
"""
