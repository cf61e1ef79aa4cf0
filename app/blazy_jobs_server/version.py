"""The version of the server, as its distribution has it."""

VERSION = "0.1.0"
