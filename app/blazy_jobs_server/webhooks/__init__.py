"""Tells other systems what became of runs: Standard Webhooks messages, read from the feed of all events.

registry.py   makes, changes and deletes webhooks, and their secrets
deliverer.py  which webhooks this server delivers for
courier.py    delivers for one of them: reads events, sends, tries again, and notes how far it is
window.py     the events on their way, in their order
attempts.py   one request, and what came of it
message.py    what is sent
"""
