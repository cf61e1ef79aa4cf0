"""The clients: what they send and read is written once, for `Client` (sync/) and `AsyncClient` (aio/)."""
