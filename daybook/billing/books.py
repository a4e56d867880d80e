"""Reads: the ledger of a firm, as rows for a page and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from daybook.billing.models import Charge, LedgerEntry
from daybook.core.ledger import Account
from daybook.core.money import Money
from daybook.core.payments import State
from daybook.firms.permissions import Actor

#: The columns of the file, in order.
COLUMNS = (
    "entry",
    "at_utc",
    "kind",
    "charge",
    "appointment",
    "stripe_payment",
    "currency",
    *(account.value for account in Account),
    "reason",
)


def entries_of(
    actor: Actor, *, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[LedgerEntry]:
    """The entries of the actor's own firm, oldest first; `until` is not included."""
    rows = LedgerEntry.objects.filter(firm=actor.firm).select_related("payment", "charge").order_by("pk")
    if since is not None:
        rows = rows.filter(at__gte=since)
    return rows.filter(at__lt=until) if until is not None else rows


def balances_of(actor: Actor) -> dict[str, dict[Account, Money]]:
    """What every account of the firm holds, by currency."""
    sums = (
        LedgerEntry.objects.filter(firm=actor.firm)
        .values("currency")
        .annotate(**{f"sum_{account.value}": Sum(account.value) for account in Account})
        .order_by("currency")
    )
    return {str(row["currency"]): _as_money(dict(row)) for row in sums}


def _as_money(row: dict[str, Any]) -> dict[Account, Money]:
    return {account: Money(int(row[f"sum_{account.value}"] or 0), row["currency"]) for account in Account}


def as_csv(actor: Actor) -> Iterator[str]:
    """The whole ledger of the firm, line by line; amounts in whole units of their currency, with a point."""
    yield _line(COLUMNS)
    for entry in entries_of(actor).iterator(chunk_size=1000):
        amounts = (str(Money(getattr(entry, account.value), entry.currency).amount) for account in Account)
        yield _line(
            (
                str(entry.pk),
                entry.at.isoformat(timespec="seconds"),
                entry.kind,
                str(entry.charge_id),
                str(entry.charge.appointment_id),
                entry.payment.intent if entry.payment else "",
                entry.currency,
                *amounts,
                entry.why,
            )
        )


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def charge_of(appointment_id: int) -> Charge | None:
    """The open charge of an appointment."""
    return Charge.objects.filter(appointment_id=appointment_id, open=True).first()


#: States in which somebody of the firm has something to do.
WAITS_FOR_FIRM = (State.FAILED, State.DISPUTED)


def troubled(firm_id: int, lawyer_id: int) -> list[Charge]:
    """Fees of a lawyer's appointments that do not go on by themselves, oldest first."""
    rows = Charge.objects.filter(firm_id=firm_id, open=True, appointment__lawyer_id=lawyer_id)
    waiting = rows.filter(
        ~Q(trouble="") | Q(state__in=WAITS_FOR_FIRM), appointment__confirmed_at__isnull=False
    )
    return list(waiting.select_related("appointment").order_by("pk")[:50])
