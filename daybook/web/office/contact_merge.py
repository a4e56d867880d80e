"""Two contacts that are one person: side by side, what is kept, and one left."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import operations as appointments
from daybook.contacts import queries
from daybook.contacts.cards import card_of, fingerprint
from daybook.contacts.merging import union
from daybook.core.cards import SETS, Card
from daybook.core.errors import Refusal
from daybook.web.office.contact_form import NAMES
from daybook.web.office.contact_history import FIELDS, said
from daybook.web.office.desks import typed
from daybook.web.signed_in import OfficeRequest, office

SIDES = ("keep", "drop")
MOST = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A text in which the two differ: what each says, and whose is kept."""

    name: str
    label: str
    keep: str
    drop: str
    picked: str


@require_safe
@office("see_contacts")
def merge_choose(request: OfficeRequest, contact_id: int) -> HttpResponse:
    """With whom? Those who look alike first, anybody by search."""
    contact = queries.access_contact(request.actor, contact_id)
    text = typed(request.GET, "q")
    found = (
        queries.contact_page(request.actor.firm, text, size=MOST)[0] if text else queries.look_alikes(contact)
    )
    context = {"contact": contact, "q": text, "found": [one for one in found if one.pk != contact.pk]}
    return render(request, "desk/contact_merge_choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_contacts")
def merge_contacts(request: OfficeRequest, contact_id: int, other_id: int) -> HttpResponse:
    keep = queries.access_contact(request.actor, contact_id)
    drop = queries.access_contact(request.actor, other_id)
    if keep == drop:
        raise Http404
    ours, theirs = card_of(keep), card_of(drop)
    choices = _choices(ours, theirs, request.POST)
    card = chosen(ours, theirs, choices)
    status, refused = 200, ""
    if request.method == "POST":
        try:
            appointments.merge_contacts(
                actor=request.actor,
                keep=keep,
                drop=drop,
                card=card,
                is_client=keep.is_client or drop.is_client,
                seen=(request.POST.get("seen_keep", ""), request.POST.get("seen_drop", "")),
                now=timezone.now(),
            )
        except Refusal as refusal:
            status, refused = refusal.status, refusal.text
        else:
            messages.success(request, f"The two are one contact now: {card.name}. History can undo it.")
            return redirect("contact", keep.pk)
    context = {
        "contact": keep,
        "other": drop,
        "choices": choices,
        "sets": _sets(card, ours, theirs, request.actor.firm.country),
        "seen_keep": fingerprint(ours),
        "seen_drop": fingerprint(theirs),
        "moving": appointments.why_kept(drop),
        "refused": refused,
    }
    return render(request, "desk/contact_merge.html", context, status=status)


def _choices(keep: Card, drop: Card, data: object) -> list[Choice]:
    """Every text in which the two differ; what is kept unless somebody says otherwise is the one that says something."""
    usual = union(keep, drop)
    rows = []
    for name, label in ({"kind": FIELDS["kind"]} | NAMES).items():
        ours, theirs = getattr(keep, name), getattr(drop, name)
        if ours == theirs:
            continue
        picked = data.get(f"pick_{name}", "")  # type: ignore[attr-defined]
        if picked not in SIDES:
            picked = "keep" if getattr(usual, name) == ours else "drop"
        rows.append(Choice(name, label, ours, theirs, picked))
    return rows


def chosen(keep: Card, drop: Card, choices: list[Choice]) -> Card:
    """The card that the two become."""
    picked = {row.name: getattr(keep if row.picked == "keep" else drop, row.name) for row in choices}
    card = replace(union(keep, drop), **picked)
    if card.kind == "company":
        card = replace(card, first_name="", middle_name="", last_name="", prefix="")
    return card


def _sets(card: Card, keep: Card, drop: Card, country: str) -> list[dict[str, object]]:
    """What there will be of emails, phones and addresses, and which of the two each comes from."""
    return [
        {
            "label": FIELDS[name],
            "members": [
                {
                    "says": said(name, [m.key, list(m.value), m.label], country),
                    "main": m.main,
                    "keep": any(one.key == m.key for one in getattr(keep, name)),
                    "drop": any(one.key == m.key for one in getattr(drop, name)),
                }
                for m in getattr(card, name)
            ],
        }
        for name in SETS
        if getattr(card, name)
    ]
