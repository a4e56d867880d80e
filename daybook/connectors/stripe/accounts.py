"""
A firm's own Stripe account, connected to the platform: opened or signed in to on Stripe's pages.

Stripe recommends its onboarding by account links over OAuth for platforms of today (docs.stripe.com/connect/
oauth-standard-accounts, read 2026-11). Payments are made directly in the firm's account: it is the merchant, bears fees
and disputes, and sees everything in its own dashboard.
"""

from __future__ import annotations

from typing import Any

from daybook.connectors.stripe.session import Session
from daybook.connectors.stripe.shapes import Account, account_of

#: Full dashboard, fees paid by the firm, losses borne between it and Stripe: what was called a standard account.
CONTROLLER: dict[str, Any] = {
    "fees": {"payer": "account"},
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}


def open_account(
    session: Session, *, once: str, name: str, email: str, country: str, reference: str
) -> Account:
    """A new connected account, with nothing in it but what Daybook knows of the firm."""
    params: Any = {
        "controller": CONTROLLER,
        "country": country,
        "email": email,
        "business_profile": {"name": name},
        "metadata": {"daybook": reference},
    }
    return account_of(
        session.call(lambda client: client.v1.accounts.create(params, session.of("").options(once)))
    )


def onboarding_url(session: Session, account: str, *, again_url: str, back_url: str) -> str:
    """
    Where somebody of the firm tells Stripe about it. The address works once and only for some minutes: asked for when
    the button is pressed, never kept. Back comes whoever leaves, finished or not: read the account then.
    """
    params: Any = {
        "account": account,
        "refresh_url": again_url,
        "return_url": back_url,
        "type": "account_onboarding",
    }
    found = session.call(lambda client: client.v1.account_links.create(params, session.of("").options()))
    return str(found["url"])


def read_account(session: Session, account: str) -> Account:
    """The account as it is now. Raises NotAuthorised when the firm has cut the connection."""
    return account_of(
        session.call(lambda client: client.v1.accounts.retrieve(account, None, session.of("").options()))
    )
