"""What Stripe tells us: kept once, believed in nothing but where to look; and which charges are due without being told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from daybook.billing.models import Charge, Payment, PaymentAccount, StripeEvent
from daybook.connectors.errors import Garbled
from daybook.connectors.stripe import webhooks
from daybook.connectors.stripe.shapes import Told

#: While a job is at a charge, no tick gives it to another one.
LEASE = timedelta(minutes=10)

#: Stripe tells again for three days what was not taken (docs.stripe.com/webhooks, read 2026-11).
KEPT = timedelta(days=30)

#: Events about an account and not about a payment.
ABOUT_ACCOUNTS = frozenset({"account.updated", "account.application.deauthorized"})


#: What follows, in the transaction that kept the event: set by jobs when the program starts.
_look: list[Callable[[int], None]] = []
_read: list[Callable[[int], None]] = []


def listen(look: Callable[[int], None], read: Callable[[int], None]) -> None:
    """Call `look` with every charge, and `read` with every account, that an event was about."""
    if look not in _look:
        _look.append(look)
        _read.append(read)


def hear(body: bytes, signature: str, *, now: datetime) -> bool:
    """Take what was posted to us; False for what Stripe has not signed, or what is no event."""
    try:
        told = webhooks.verified(body, signature, settings.STRIPE_WEBHOOK_SECRET, now=now)
    except (webhooks.NotFromStripe, Garbled):
        return False
    with transaction.atomic():
        for charge_id in heed(told, now=now):
            for look in _look:
                look(charge_id)
        for account_id in accounts_told(told):
            for read in _read:
                read(account_id)
    return True


def heed(told: Told, *, now: datetime) -> list[int]:
    """
    Keep an event, and say which charges it is about: none for one that was told before, or is about nobody we know.

    The account named must be the one the payment lies in: a firm's events move nothing of another firm's.
    """
    with transaction.atomic():
        _, new = StripeEvent.objects.get_or_create(
            event_id=told.id,
            defaults={
                "type": told.type[:80],
                "account": told.account[:80],
                "object": told.object[:120],
                "received_at": now,
            },
        )
        if not new:
            return []
        about = Q(page=told.object)
        if told.intent:
            about |= Q(intent=told.intent)
        if told.reference:
            about |= Q(reference=told.reference)
        found = set(
            Payment.objects.filter(about, account__stripe_id=told.account).values_list("charge_id", flat=True)
        )
        Charge.objects.filter(pk__in=found).update(look_at=now)
    return sorted(found)


def accounts_told(told: Told) -> list[int]:
    """The accounts an event is about, which are to be read again."""
    if told.type not in ABOUT_ACCOUNTS:
        return []
    return list(PaymentAccount.objects.filter(stripe_id=told.account).values_list("pk", flat=True))


def due(now: datetime, most: int = 500) -> list[int]:
    """Charges whose time to be looked at has come, claimed for LEASE; several ticks at once share them out."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, most])
        return [row[0] for row in cursor.fetchall()]


def forget_old(now: datetime) -> None:
    """Events after KEPT: one told again after that is looked up once more, which does no harm."""
    StripeEvent.objects.filter(received_at__lt=now - KEPT).delete()


_CLAIM = """
    UPDATE billing_charge SET look_at = %s
     WHERE id IN (SELECT id FROM billing_charge WHERE look_at <= %s ORDER BY look_at LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
