"""Reads of the firm's people; type-ahead at any size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.db import connection as database
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from daybook.contacts.models import Contact, ContactChange, ContactEmail, ContactPhone, Merge, SearchKey
from daybook.core.errors import ChangedMeanwhile
from daybook.core.people import name_keys, search_text
from daybook.firms import prepared
from daybook.firms.models import Firm
from daybook.firms.permissions import Actor, may


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the client pick list, and what choosing it fills in."""

    id: int
    name: str
    email: str
    phone: str
    company: str
    is_client: bool


#: The rows that belong to a contact's card.
REACH = ("emails", "phones", "addresses")

#: How many key rows are looked at for one page of suggestions: several keys of one contact may match.
_KEYS_PER_SUGGESTION = 4

_TYPE_AHEAD = """
    WITH hit AS (
        SELECT contact_id, min(rank) AS rank FROM (
            SELECT contact_id, row_number() OVER () AS rank FROM (
                SELECT contact_id FROM contacts_searchkey
                 WHERE firm_id = %(firm)s AND key LIKE %(prefix)s
                 ORDER BY key USING ~<~ LIMIT %(keys)s
            ) AS key_rows
        ) AS ranked GROUP BY contact_id ORDER BY rank LIMIT %(limit)s
    )
    SELECT c.id, c.kind, c.first_name, c.middle_name, c.last_name, c.company_name, c.is_client,
           (SELECT e.address FROM contacts_contactemail e WHERE e.contact_id = c.id
             ORDER BY e.is_default DESC, e.id LIMIT 1),
           (SELECT p.number FROM contacts_contactphone p WHERE p.contact_id = c.id
             ORDER BY p.is_default DESC, p.id LIMIT 1)
      FROM hit JOIN contacts_contact c ON c.id = hit.contact_id
     ORDER BY hit.rank
"""


def type_ahead(firm: Firm, text: str, limit: int = 20) -> list[Suggestion]:
    """
    The contacts whose name (from any of its words on), email or phone number begins with `text`, in order.

    An empty text lists the first contacts by name, so the pick list opens with something in it.
    """
    prefix = search_text(text)
    if not prefix and text.strip():
        return []
    pattern = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    with database.cursor() as cursor:
        cursor.execute(
            _TYPE_AHEAD,
            {"firm": firm.pk, "prefix": pattern, "limit": limit, "keys": limit * _KEYS_PER_SUGGESTION},
        )
        rows = cursor.fetchall()
    return [
        Suggestion(
            id=row[0],
            name=row[5] if row[1] == Contact.Kind.COMPANY else " ".join(filter(None, row[2:5])),
            email=row[7] or "",
            phone=row[8] or "",
            company=row[5] if row[1] == Contact.Kind.PERSON else "",
            is_client=row[6],
        )
        for row in rows
    ]


def access_contact(actor: Actor, contact_id: int) -> Contact:
    """Raises Http404 for another firm's contact."""
    contact = Contact.objects.filter(pk=contact_id, firm=actor.firm).first()
    if contact is None or not may(actor, "see_contacts"):
        raise Http404
    return contact


def contact_page(firm: Firm, text: str = "", *, page: int = 1, size: int = 50) -> tuple[list[Contact], bool]:
    """One page of contacts by name, with emails and phones, and whether more follow."""
    found: QuerySet[Contact] = Contact.objects.filter(firm=firm)
    if text.strip():
        prefix = search_text(text)
        ids = SearchKey.objects.filter(firm=firm, key__startswith=prefix).values("contact") if prefix else []
        found = found.filter(pk__in=ids)
    found = found.order_by("last_name", "first_name", "company_name", "pk").prefetch_related(
        "emails", "phones"
    )
    rows = list(found[(page - 1) * size : page * size + 1])
    return rows[:size], len(rows) > size


def contact_count(firm: Firm) -> int:
    return Contact.objects.filter(firm=firm).count()


_CONTACT = prepared.Columns(Contact, "c")


@cache
def _reached_sql() -> str:
    return f"""
        WITH hit AS (
            SELECT contact_id, true AS by_email FROM contacts_contactemail
             WHERE firm_id = %(firm)s AND normal = %(email)s AND %(email)s <> ''
             UNION ALL
            SELECT contact_id, false FROM contacts_contactphone
             WHERE firm_id = %(firm)s AND normal = %(phone)s AND %(phone)s <> ''
        )
        SELECT ARRAY(SELECT normal FROM contacts_contactemail WHERE contact_id = c.id
                      ORDER BY is_default DESC, position, id),
               ARRAY(SELECT normal FROM contacts_contactphone WHERE contact_id = c.id
                      ORDER BY is_default DESC, position, id),
               {_CONTACT.sql}
          FROM contacts_contact c JOIN hit ON hit.contact_id = c.id
         WHERE c.firm_id = %(firm)s
         GROUP BY c.id ORDER BY bool_or(hit.by_email) DESC, c.id
    """  # noqa: S608  # names of our own columns


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody in the book, and every address and number that reaches them, normalised."""

    contact: Contact
    emails: tuple[str, ...]
    phones: tuple[str, ...]


def reached_by(firm_id: int, email: str, phone: str) -> dict[int, Reached]:
    """
    Everybody in the firm's book with this (normalised) email address or number, either of which may be empty: first
    whoever has the address, the oldest first. Several may share one.
    """
    found = prepared.rows(_reached_sql(), {"firm": firm_id, "email": email, "phone": phone})
    people = (Reached(_CONTACT.instance(row), tuple(emails), tuple(phones)) for emails, phones, *row in found)
    return {one.contact.pk: one for one in people}


def contacts_by_id(firm_id: int, ids: Iterable[int], *, lock: bool = False) -> dict[int, Contact]:
    """Those of the firm, with all it takes for a card; with `lock`, nobody else changes them until the transaction ends."""
    found = Contact.objects.filter(firm=firm_id, pk__in=list(ids)).order_by("pk").prefetch_related(*REACH)
    if lock:
        found = found.select_for_update(no_key=True)
    return {contact.pk: contact for contact in found}


def locked_contact(firm_id: int, contact_id: int) -> Contact:
    """Nobody else changes it until the transaction ends. Raises ChangedMeanwhile when it is no longer there."""
    found = contacts_by_id(firm_id, [contact_id], lock=True).get(contact_id)
    if found is None:
        raise ChangedMeanwhile("This contact is no longer there.")
    return found


def changes_of(contact: Contact, *, before: int | None = None, size: int = 50) -> list[ContactChange]:
    """What became different about a contact, newest first; `before` is the id of the last one of the page before."""
    found = ContactChange.objects.filter(contact=contact).select_related("actor")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found[:size])


def merges_of(contact: Contact) -> list[Merge]:
    """The merges this contact is what came of, and that were not undone, newest first."""
    return list(Merge.objects.filter(kept=contact, undone_at=None).select_related("actor"))


def access_change(actor: Actor, contact_id: int, change_id: int) -> ContactChange:
    """Raises Http404 for a change of another contact, or of another firm's."""
    contact = access_contact(actor, contact_id)
    return get_object_or_404(ContactChange, pk=change_id, contact=contact)


def access_merge(actor: Actor, contact_id: int, merge_id: int) -> Merge:
    """Raises Http404 for a merge into another contact, or into another firm's."""
    contact = access_contact(actor, contact_id)
    return get_object_or_404(Merge, pk=merge_id, kept=contact)


def look_alikes(contact: Contact, most: int = 10) -> list[Contact]:
    """Others of the firm with an email address, a phone number or the name of this one, the oldest first."""
    firm = contact.firm_id
    emails = [row.normal for row in contact.emails.all()]
    phones = [row.normal for row in contact.phones.all()]
    near = [
        ContactEmail.objects.filter(firm=firm, normal__in=emails),
        ContactPhone.objects.filter(firm=firm, normal__in=phones),
        SearchKey.objects.filter(firm=firm, key__in=name_keys(contact.name)[:1]),
    ]
    ids: set[int] = set()
    for rows in near:
        ids.update(rows.exclude(contact=contact.pk).values_list("contact", flat=True)[:most])
    return list(Contact.objects.filter(pk__in=ids).order_by("pk").prefetch_related(*REACH)[:most])


def is_known(firm_id: int, email: str) -> bool:
    """Whether the firm has somebody with this (normalised) email address."""
    return ContactEmail.objects.filter(Q(firm=firm_id) & Q(normal=email)).exists()
