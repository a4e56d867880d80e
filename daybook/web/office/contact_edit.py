"""A contact typed in, changed, or removed from Daybook."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.appointments import operations as appointments
from daybook.contacts import operations, queries
from daybook.contacts.cards import card_of, fingerprint
from daybook.contacts.models import Contact
from daybook.core.cards import Card
from daybook.core.errors import Refusal
from daybook.web.office.contact_form import ContactForm
from daybook.web.signed_in import OfficeRequest, office


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_contacts")
def new_contact(request: OfficeRequest) -> HttpResponse:
    form = ContactForm(
        Card(),
        is_client=False,
        country=request.actor.firm.country,
        data=request.POST if request.method == "POST" else None,
    )
    if form.is_valid():
        contact = operations.create(
            firm=request.actor.firm,
            card=form.card(),
            is_client=form.cleaned_data["is_client"],
            now=timezone.now(),
            actor=request.actor.user,
        )
        messages.success(request, f"{contact.name} is added.")
        return redirect("contact", contact.pk)
    return _page(request, form, None, 422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_contacts")
def edit_contact(request: OfficeRequest, contact_id: int) -> HttpResponse:
    contact = queries.access_contact(request.actor, contact_id)
    card = card_of(contact)
    form = ContactForm(
        card,
        is_client=contact.is_client,
        country=request.actor.firm.country,
        seen=fingerprint(card),
        data=request.POST if request.method == "POST" else None,
    )
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            saved = operations.update(
                firm=request.actor.firm,
                contact=contact,
                card=form.card(),
                is_client=form.cleaned_data["is_client"],
                seen=form.cleaned_data["seen"],
                now=timezone.now(),
                actor=request.actor.user,
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("contact", saved.pk)
    return _page(request, form, contact, status)


def _page(request: OfficeRequest, form: ContactForm, contact: Contact | None, status: int) -> HttpResponse:
    return render(request, "desk/contact_edit.html", {"form": form, "contact": contact}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_contacts")
def remove_contact(request: OfficeRequest, contact_id: int) -> HttpResponse:
    """Ask once, saying what happens in Clio; what stands against it is said instead of the button."""
    contact = queries.access_contact(request.actor, contact_id)
    status = 200
    if request.method == "POST":
        name = contact.name or "The contact"
        try:
            appointments.remove_contact(actor=request.actor, contact=contact, now=timezone.now())
        except Refusal as refusal:
            status = refusal.status
        else:
            messages.success(request, f"{name} is removed from Daybook.")
            return redirect("contacts")
    context = {"contact": contact, "reasons": appointments.why_kept(contact)}
    return render(request, "desk/contact_remove.html", context, status=status)
