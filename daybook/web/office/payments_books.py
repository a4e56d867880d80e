"""The books of the firm's fees, as a page and as a file."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from daybook.billing import books
from daybook.billing.models import LedgerEntry
from daybook.core.ledger import Account, Kind
from daybook.core.money import Money
from daybook.web.signed_in import OfficeRequest, office

A_PAGE = 50

#: Every kind of entry in words.
KINDS: dict[Kind, str] = {
    Kind.HOLD: "Reserved on a card",
    Kind.HOLD_ENDED: "Reservation ended",
    Kind.TAKEN: "Taken",
    Kind.EARNED: "Earned",
    Kind.UNEARNED: "Not earned after all",
    Kind.REFUNDED: "Given back",
    Kind.REFUND_BOUNCED: "Refund came back",
    Kind.DISPUTED: "Disputed",
    Kind.DISPUTE_WON: "Dispute won",
    Kind.DISPUTE_LOST: "Dispute lost",
}

#: The accounts a page shows, and what they are called. The file has all of them.
SHOWN: dict[Account, str] = {
    Account.TRUST: "Client trust account",
    Account.OPERATING: "Own account",
    Account.HELD: "Reserved",
    Account.DISPUTED: "In dispute",
    Account.EARNED: "Earned",
}


@require_safe
@office("edit_firm")
def ledger(request: OfficeRequest) -> HttpResponse:
    page = Paginator(books.entries_of(request.actor).order_by("-pk"), A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [_row(entry) for entry in page.object_list],
        "balances": [
            (currency, [(SHOWN[account], str(_turned(account, held[account]))) for account in SHOWN])
            for currency, held in books.balances_of(request.actor).items()
        ],
    }
    return render(request, "firm/ledger.html", context)


def _turned(account: Account, money: Money) -> Money:
    """Earned fees stand as a minus in the books and as what they are on a page."""
    return -money if account is Account.EARNED else money


def _row(entry: LedgerEntry) -> dict[str, object]:
    moved = [
        f"{label}: {_turned(account, Money(getattr(entry, account.value), entry.currency))}"
        for account, label in SHOWN.items()
        if getattr(entry, account.value)
    ]
    return {
        "at": entry.at,
        "kind": KINDS[Kind(entry.kind)],
        "moved": "; ".join(moved),
        "why": entry.why,
        "appointment": entry.charge.appointment_id,
    }


@require_safe
@office("edit_firm")
def ledger_file(request: OfficeRequest) -> StreamingHttpResponse:
    response = StreamingHttpResponse(books.as_csv(request.actor), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ledger.csv"'
    response["Cache-Control"] = "private, no-store"
    return response
