"""Whose account it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daybook.connectors.microsoft import record
from daybook.connectors.microsoft.session import Session

FIELDS: Final = "id,mail,userPrincipalName,displayName"


@dataclass(frozen=True, slots=True)
class Account:
    """`id` is the key by which a reconnection is recognized; `email` is what people know the account by."""

    id: str
    email: str
    name: str


def who_am_i(session: Session) -> Account:
    """
    Whose token this is. Personal accounts may have no `mail`; their principal name is their address (user resource,
    read 2026-11). Raises `RemoteTrouble`.
    """
    found = session.get("/me", params={"$select": FIELDS})
    return Account(
        id=record.identity(found),
        email=record.text(found, "mail") or record.text(found, "userPrincipalName"),
        name=record.text(found, "displayName"),
    )
