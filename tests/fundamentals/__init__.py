"""A tutorial in tests: read them in their order, they need nothing else.

Each talks to a whole server through HTTP, as any client does: `jobs` is a plain HTTP client. Only the time is not real:
`pass_time(seconds)` moves it, so nothing here waits.
"""
