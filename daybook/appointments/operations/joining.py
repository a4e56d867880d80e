"""Contacts that become one, part again or go: what refers to them goes along, in the same transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from daybook.appointments.models import Appointment
from daybook.billing.models import Matter
from daybook.contacts import operations as contacts
from daybook.contacts.models import Contact, Merge
from daybook.core.cards import MOST_MEMBERS, SETS, Card
from daybook.core.errors import NotAllowedNow
from daybook.firms.permissions import Actor

#: Whose rows refer to a contact, and by which column.
REFERRING = {"appointments": (Appointment, "contact"), "matters": (Matter, "client")}


def repoint(
    *, firm_id: int, old: int, new: int, only: dict[str, list[int]] | None = None
) -> dict[str, list[int]]:
    """
    Point every appointment and matter of the contact `old` to `new`, or those with the ids in `only`; returns the ids
    of those that moved, by kind.
    """
    moved = {}
    for kind, (model, column) in REFERRING.items():
        rows = model._default_manager.filter(firm=firm_id, **{column: old})
        if only is not None:
            rows = rows.filter(pk__in=only.get(kind, []))
        moved[kind] = sorted(rows.values_list("pk", flat=True))
        model._default_manager.filter(pk__in=moved[kind]).update(**{column: new})
    return moved


def merge_contacts(
    *,
    actor: Actor,
    keep: Contact,
    drop: Contact,
    card: Card,
    is_client: bool,
    seen: tuple[str, str] = ("", ""),
    now: datetime,
) -> Merge:
    """
    Make `drop` part of `keep`, which then says `card`; appointments and matters go along.

    `seen` as for `contacts.operations.absorb`. Raises ChangedMeanwhile, and NotAllowedNow when together they have more
    addresses or numbers than a contact can hold.
    """
    for name in SETS:
        if len(getattr(card, name)) > MOST_MEMBERS:
            raise NotAllowedNow(
                f"Together they have more than {MOST_MEMBERS} {name}, the most that Clio holds. Please remove some first."
            )
    with transaction.atomic():
        _hold([keep.pk, drop.pk])
        moved = repoint(firm_id=actor.firm.pk, old=drop.pk, new=keep.pk)
        return contacts.absorb(
            firm=actor.firm,
            keep=keep,
            drop=drop,
            card=card,
            is_client=is_client,
            moved=moved,
            seen=seen,
            actor=actor.user,
            now=now,
        )


def part_contacts(*, actor: Actor, merge: Merge, now: datetime) -> Contact:
    """
    Undo a merge, and return the contact that is back, with the appointments and matters it had then and that are still
    the kept one's. Raises ChangedMeanwhile.
    """
    with transaction.atomic():
        back = contacts.part(merge=merge, now=now, actor=actor.user)
        repoint(firm_id=actor.firm.pk, old=merge.kept_id, new=back.pk, only=merge.moved)
    return back


def remove_contact(*, actor: Actor, contact: Contact, now: datetime) -> None:
    """
    Delete a contact in Daybook, never in Clio; one that is gone already is no trouble.

    Raises NotAllowedNow while it has appointments or matters.
    """
    with transaction.atomic():
        _hold([contact.pk])
        if reasons := why_kept(contact):
            raise NotAllowedNow(f"This contact cannot be removed: it has {' and '.join(reasons)}.")
        contacts.remove(firm=actor.firm, contact=contact, now=now, actor=actor.user)


def _hold(ids: list[int]) -> None:
    """Let nobody book for these contacts until the transaction ends: a new appointment waits for the row it names."""
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def why_kept(contact: Contact) -> list[str]:
    """What of a contact's stands against its removal, in words: "3 appointments", "1 matter"."""
    found = []
    for kind, (model, column) in REFERRING.items():
        count = model._default_manager.filter(firm=contact.firm_id, **{column: contact.pk}).count()
        if count:
            found.append(f"{count} {kind if count > 1 else kind.removesuffix('s')}")
    return found
