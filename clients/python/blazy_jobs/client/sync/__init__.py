"""`Client`: each call returns when it is answered."""
