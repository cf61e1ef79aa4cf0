"""`python -m examples.demo`: the server, two workers and the example jobs, at work on real input."""
