"""What can be wrong with a request that says it is from the server, and with a report to it.

JobsError
└── ReceivingError
    ├── SecretInvalid            a signing secret that cannot be one, or none at all (also a ValueError)
    ├── VerificationFailed       the request is not to be believed
    │   ├── HeadersInvalid       a header of the signature is missing, twice there, or malformed
    │   ├── SignatureInvalid     signed with another secret, or not these bytes
    │   ├── TooOld               signed longer ago than is tolerated
    │   └── TooNew               signed in the future, by this machine's clock
    ├── BodyInvalid              genuine, but no handler call, or no event
    └── ReportRefused            the server did not take a report
        └── AttemptOver          the attempt has ended: the work can stop
"""

from __future__ import annotations

from blazy_jobs.errors import JobsError


class ReceivingError(JobsError):
    """Whatever this part of the package raises."""


class SecretInvalid(ReceivingError, ValueError):
    """Says what is wrong with a signing secret, without showing it."""


class VerificationFailed(ReceivingError):
    """The request is not known to be from the server: answer 401, and do nothing of what it says."""


class HeadersInvalid(VerificationFailed):
    """`webhook-id`, `webhook-timestamp` or `webhook-signature` is missing, there more than once, or malformed."""


class SignatureInvalid(VerificationFailed):
    """No signature fits: another secret, or the body is not byte for byte what was sent."""


class TooOld(VerificationFailed):
    """Genuine, but signed longer ago than is tolerated: repeated by someone, or one of the clocks is wrong."""


class TooNew(VerificationFailed):
    """Genuine, but signed later than now by more than is tolerated: one of the clocks is wrong."""


class BodyInvalid(ReceivingError):
    """Genuine, but not what this address is for, such as an event where a handler call is expected."""


class ReportRefused(ReceivingError):
    """The server judged the report, and did not take it."""


class AttemptOver(ReportRefused):
    """The attempt is no longer running: ended, timed out, taken back or cancelled. What is done for it is in vain."""
