"""Texts that would do harm where a page took them for anything but text."""

HOSTILE = (
    "<img src=x onerror=hurt=1><script>hurt=1</script><svg/onload=hurt=1>'\"`${hurt=1}{{hurt=1}}"
    "</textarea></style><a href=javascript:hurt=1>\u202etxet\ufffe"
)
SHORT = "<img src=x onerror=hurt=1>"
"""Where few characters are allowed."""
