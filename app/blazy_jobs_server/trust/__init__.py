"""Who may do what: API keys, and what they allow.

access.py   who asks, and for how long
keys.py     makes, rotates and revokes keys
"""
