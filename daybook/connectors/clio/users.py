"""Who the connection belongs to, and who works at the firm."""

from daybook.connectors.clio import read
from daybook.connectors.clio.fields import USER_FIELDS, WHO_AM_I_FIELDS
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioUser, WhoAmI


def who_am_i(session: Session) -> WhoAmI:
    """Return the user whose token this is, and the firm's account. Raises `RemoteTrouble`."""
    return WhoAmI.parse(read.record(session.get("/users/who_am_i.json", {"fields": WHO_AM_I_FIELDS})))


def all_users(session: Session) -> tuple[ClioUser, ...]:
    """
    Return everybody of the firm that the connection may see, disabled people too (`enabled`). Raises `RemoteTrouble`.
    """
    # Pages of 2000, the largest and the default for users (file of 2026-04-08).
    listed = session.all("/users.json", {"fields": USER_FIELDS, "order": "id(asc)", "limit": 2000})
    return tuple(ClioUser.parse(read.record(item)) for item in listed)
