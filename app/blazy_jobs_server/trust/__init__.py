"""Who may do what: API keys, and what they allow; secrets at rest.

access.py   who asks, and for how long
audit.py    counts what is refused
keys.py     makes, rotates and revokes keys
root_file.py  the root key in a file, which may be replaced
sessions.py those of browsers, which end with their keys
endings.py  tells what is under way that its key or session has ended
keyring.py  seals secrets with the keys of a file (keyring_file.py), which change without loss (rotation.py)
tries.py    how often an address may try a key that does not hold
"""
