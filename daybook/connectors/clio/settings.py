"""How the firm bills."""

from daybook.connectors.clio import read
from daybook.connectors.clio.fields import BILLING_FIELDS
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes_work import BillingSettings


def billing(session: Session) -> BillingSettings:
    """Return the firm's rounding and currency. Raises `RemoteTrouble`."""
    return BillingSettings.parse(
        read.record(session.get("/settings/billing.json", {"fields": BILLING_FIELDS}))
    )
