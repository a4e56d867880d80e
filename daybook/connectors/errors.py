"""What can go wrong at somebody else's computer, and whether to try again."""

import enum
import re
from http import HTTPStatus
from typing import ClassVar


class Retry(enum.Enum):
    """Whether the same request can be expected to work another time."""

    #: Not by waiting: somebody has to do something first.
    NEVER = "never"
    #: Yes, after a pause of the caller's choosing, growing with each attempt.
    LATER = "later"
    #: Yes, once `RemoteTrouble.after` seconds have passed. Not a failure: no attempt is to be counted.
    AFTER = "after"


class RemoteTrouble(Exception):
    """
    Something went wrong over there. Every class below answers whether to try again.

    `provider` is the name people know the system by, `status` the HTTP status where there was one, `text` what
    happened in words a firm's administrator understands. `words` is what the other side said about it, or empty,
    cleaned of tokens, email addresses and numbers; a name in it cannot be told from other words, so show it to the
    firm only. `after` is in seconds, where it is known.
    `maybe_applied` is True when the request was a write that may have been carried out all the same: whoever
    repeats it looks first whether it is there already.
    """

    retry: ClassVar[Retry] = Retry.NEVER
    sentence: ClassVar[str] = "{provider} could not do this."

    def __init__(
        self,
        provider: str,
        *,
        status: int | None = None,
        text: str = "",
        words: str = "",
        after: float | None = None,
        maybe_applied: bool = False,
    ) -> None:
        self.provider = provider
        self.status = status
        self.words = clean(words)
        self.after = after
        self.maybe_applied = maybe_applied
        self.text = text or self.sentence.format(provider=provider, words=self.words or "no reason was given")
        super().__init__(self.text)


class Unreachable(RemoteTrouble):
    """No answer, half an answer, or an answer that says "not now"."""

    retry = Retry.LATER
    sentence = "{provider} could not be reached. Daybook will try again."


class Limited(RemoteTrouble):
    """Too many requests for the moment. `after` says how many seconds to stay away."""

    retry = Retry.AFTER
    sentence = "{provider} asks Daybook to slow down. Daybook goes on as soon as it may."


class NotAuthorised(RemoteTrouble):
    """The connection no longer opens the door: revoked, expired, or of another region. Somebody connects again."""

    sentence = "{provider} no longer accepts this connection. Please connect to {provider} again."


class Forbidden(RemoteTrouble):
    """The connection is good, but this user or this app may not do that."""

    sentence = "{provider} does not allow this connection to do that: {words}."


class Stale(RemoteTrouble):
    """The record has changed over there since it was read. Nothing was written: read again, decide again."""

    sentence = "This was changed in {provider} in the meantime. Nothing was overwritten."


class Missing(RemoteTrouble):
    """There is no such record, or none that this connection may see; the two cannot be told apart."""

    sentence = "{provider} no longer shows this record."


class Rejected(RemoteTrouble):
    """Understood and turned down, in their words: a question for a person."""

    sentence = "{provider} did not accept this: {words}."


class Billed(Rejected):
    """A time entry on a bill, drafts included, cannot be changed from outside."""

    sentence = "This time entry is already on a bill in {provider}. Please change it there."


class Garbled(RemoteTrouble):
    """An answer that cannot be read, or one that makes no sense here. A bug, ours or theirs."""

    sentence = "{provider} gave an answer that Daybook does not understand."


#: Every class a caller may meet.
TROUBLES: tuple[type[RemoteTrouble], ...] = (
    Unreachable,
    Limited,
    NotAuthorised,
    Forbidden,
    Stale,
    Missing,
    Rejected,
    Billed,
    Garbled,
)

#: Which status means what, for every status there is from 300 up. A provider may differ in single rows.
STATUSES: dict[int, type[RemoteTrouble]] = {
    HTTPStatus.MULTIPLE_CHOICES: Garbled,
    HTTPStatus.MOVED_PERMANENTLY: Garbled,
    HTTPStatus.FOUND: Garbled,
    HTTPStatus.SEE_OTHER: Garbled,
    HTTPStatus.NOT_MODIFIED: Garbled,
    HTTPStatus.USE_PROXY: Garbled,
    HTTPStatus.TEMPORARY_REDIRECT: Garbled,
    HTTPStatus.PERMANENT_REDIRECT: Garbled,
    HTTPStatus.BAD_REQUEST: Rejected,
    HTTPStatus.UNAUTHORIZED: NotAuthorised,
    HTTPStatus.PAYMENT_REQUIRED: Forbidden,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: Missing,
    HTTPStatus.METHOD_NOT_ALLOWED: Garbled,
    HTTPStatus.NOT_ACCEPTABLE: Garbled,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: Unreachable,
    HTTPStatus.REQUEST_TIMEOUT: Unreachable,
    HTTPStatus.CONFLICT: Rejected,
    HTTPStatus.GONE: Missing,
    HTTPStatus.LENGTH_REQUIRED: Garbled,
    HTTPStatus.PRECONDITION_FAILED: Stale,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Rejected,
    HTTPStatus.REQUEST_URI_TOO_LONG: Garbled,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Garbled,
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: Garbled,
    HTTPStatus.EXPECTATION_FAILED: Garbled,
    HTTPStatus.IM_A_TEAPOT: Garbled,
    HTTPStatus.MISDIRECTED_REQUEST: Garbled,
    HTTPStatus.UNPROCESSABLE_ENTITY: Rejected,
    HTTPStatus.LOCKED: Rejected,
    HTTPStatus.FAILED_DEPENDENCY: Rejected,
    HTTPStatus.TOO_EARLY: Unreachable,
    HTTPStatus.UPGRADE_REQUIRED: Garbled,
    HTTPStatus.PRECONDITION_REQUIRED: Garbled,
    HTTPStatus.TOO_MANY_REQUESTS: Limited,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: Garbled,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Forbidden,
    HTTPStatus.INTERNAL_SERVER_ERROR: Unreachable,
    HTTPStatus.NOT_IMPLEMENTED: Garbled,
    HTTPStatus.BAD_GATEWAY: Unreachable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unreachable,
    HTTPStatus.GATEWAY_TIMEOUT: Unreachable,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: Garbled,
    HTTPStatus.VARIANT_ALSO_NEGOTIATES: Garbled,
    HTTPStatus.INSUFFICIENT_STORAGE: Unreachable,
    HTTPStatus.LOOP_DETECTED: Garbled,
    HTTPStatus.NOT_EXTENDED: Garbled,
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED: Unreachable,
}

#: A status without a name of its own is taken for the first of its family (RFC 9110, 15).
FAMILIES: dict[int, type[RemoteTrouble]] = {1: Garbled, 2: Garbled, 3: Garbled, 4: Rejected, 5: Unreachable}

#: After these a write may have been carried out: the server took the request, then lost its way.
MAYBE_APPLIED: frozenset[int] = frozenset({301, 302, 303, 408, *range(500, 600)})


def trouble_for(
    status: int,
    provider: str,
    *,
    write: bool,
    words: str = "",
    after: float | None = None,
    text: str = "",
    differing: dict[int, type[RemoteTrouble]] | None = None,
) -> RemoteTrouble:
    """
    Make the trouble that an answer with this status stands for.

    `write` is whether the request could have changed something; `differing` holds a provider's own rows of
    `STATUSES`. The trouble is returned, not raised.
    """
    kind = (differing or {}).get(status) or STATUSES.get(status) or FAMILIES.get(status // 100, Garbled)
    maybe = write and status in MAYBE_APPLIED
    return kind(provider, status=status, words=words, after=after, maybe_applied=maybe, text=text)


_PERSONAL: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+"), "[email]"),
    (re.compile(r"\+?\d[\d\s().-]{5,}\d"), "[number]"),
    (re.compile(r"[A-Za-z0-9_\-]{24,}"), "[…]"),
)


def clean(words: str) -> str:
    """
    Make somebody else's words fit to be shown: one line, at most 300 characters, no email address, no long number,
    nothing that could be a token, no full stop at the end.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in words[:2000]).split())
    for pattern, stand_in in _PERSONAL:
        line = pattern.sub(stand_in, line)
    return line[:300].rstrip(". ")
