"""Metrics for Prometheus: a file for each part of what they tell, and the route."""
