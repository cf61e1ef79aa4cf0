"""Spans of OpenTelemetry: `send` where runs are dispatched, `process` where they run.

Nothing of OpenTelemetry is imported unless the program has imported it, or a worker's environment asks for it.
"""
