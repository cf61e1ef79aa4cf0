"""Of browsers' sessions."""

from __future__ import annotations

from blazy_jobs_server.api.texts import keys

SHAPES = {
    "Session": "Who makes the request, by its session or its key, and what it may do. `root` is the key of the server's"
    " settings, `anyone` a request to a server without keys.",
    "SessionIn": "The key to log in with.",
}
FIELDS = {
    "Session": keys.FIELDS["Self"] | {"expires_at": "When the session ends at the latest. null: not by a session."},
    "SessionIn": {"key": "An API key, as in `Authorization: Bearer`. Up to 1,024 characters."},
}
OPERATIONS = {
    "log_in": "Exchanges an API key for a cookie, with which a browser may do what the key allows, event streams"
    " included. The session ends after 12 hours without a request, after 7 days, and with its key. The cookie is"
    " `__Host-blazy` behind TLS, otherwise `blazy_<port>`. Five keys that are not valid per minute and address.",
    "log_out": "Ends the session on every server within two seconds, its event streams included.",
    "get_session": "Any valid key or session may read it.",
}
PARAMETERS: dict[tuple[str, str], str] = {}
