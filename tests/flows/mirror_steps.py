"""What may happen to the two books: each step takes the machine and three numbers that choose whom and what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils import timezone

from daybook.appointments import operations as appointments
from daybook.appointments.operations import ClientDetails
from daybook.contacts import operations as contacts
from daybook.contacts.cards import address_member, card_of, email_member, phone_member
from daybook.contacts.models import Merge
from daybook.core.cards import Card, Member, tidy
from daybook.sync.mirror import answers
from daybook.sync.models import Apart
from tests.flows.mirror_machine import Machine

FIRST = ("Ann", "Bob", "Cleo")
LAST = ("Lee", "Ray")
SHARED = ("ann@x.example", "office@x.example", "bob@x.example")
LABELS = ("Work", "Home", "Other")
TEXTS = ("first_name", "last_name", "title", "company", "middle_name", "prefix")
SETS = ("emails", "phones", "addresses")
#: Clio's names: of a set, of a value in it, of who is the main one.
CLIO = {
    "emails": ("email_addresses", "address", "default_email"),
    "phones": ("phone_numbers", "number", "default_number"),
    "addresses": ("addresses", "street", None),
}


def text(m: Machine, b: int, c: int) -> str:
    """A word nobody typed before, now and then one that others have, or none."""
    return ("", "Ann", "Lee")[c % 3] if b % 5 == 0 else f"Word{m.new()}"


def value(m: Machine, kind: str, b: int) -> str:
    if kind == "emails":
        return SHARED[b % 3] if b % 4 == 0 else f"e{m.new()}@x.example"
    if kind == "phones":
        return f"+1303555{1000 + (b % 3 if b % 4 == 0 else 10 + m.new()):04}"
    return f"{m.new()} High St"


def member(m: Machine, kind: str, b: int, c: int) -> Member:
    said, label = value(m, kind, b), LABELS[c % 3]
    if kind == "emails":
        return email_member(said, label)
    if kind == "phones":
        return phone_member(said, label, country=m.firm.country)
    return address_member((said, "Troy", "", "", ""), label)


# --- in Daybook -------------------------------------------------------------------------------------------------------


def say(m: Machine, at: int, change: Callable[[Card], Card]) -> None:
    contact = m.contact(at)
    if contact is not None:
        with m.typing("o"):
            contacts.update(firm=m.firm, contact=contact, card=change(card_of(contact)), now=timezone.now())


def o_text(m: Machine, a: int, b: int, c: int) -> None:
    name = TEXTS[b % len(TEXTS)]

    def change(card: Card) -> Card:
        if card.kind == "company" and name != "company":
            return card
        after = replace(card, **{name: text(m, b, c)})
        return after if after.name else card

    say(m, a, change)


def o_add(m: Machine, a: int, b: int, c: int) -> None:
    kind = SETS[b % 3]
    say(m, a, lambda card: replace(card, **{kind: (*getattr(card, kind), member(m, kind, b, c))}))


def o_crowd(m: Machine, a: int, b: int, c: int) -> None:
    """So many addresses at once that Clio may not hold them all."""
    more = [email_member(f"c{m.new()}@x.example") for _ in range(15 + b % 8)]
    say(m, a, lambda card: replace(card, emails=tidy((*card.emails, *more))))


def o_change(m: Machine, a: int, b: int, c: int) -> None:
    """One member is removed, relabeled, made the main one, or written otherwise."""
    kind = SETS[b % 3]

    def change(card: Card) -> Card:
        members = list(getattr(card, kind))
        if not members:
            return card
        at = c % len(members)
        one = members[at]
        match c // 7 % 4:
            case 0:
                del members[at]
            case 1:
                members[at] = replace(one, label=LABELS[c % 3])
            case 2:
                members = [replace(each, main=each is one) for each in members]
            case _:
                members[at] = replace(one, value=(one.value[0].upper(), *one.value[1:]))
        return replace(card, **{kind: tidy(members)})

    say(m, a, change)


def o_create(m: Machine, a: int, b: int, c: int) -> None:
    emails = (email_member(value(m, "emails", b), main=True),) if c % 4 else ()
    if a % 6 == 0:
        card = Card("company", company=f"Firm{m.new() if b % 2 else 0} Ltd", emails=emails)
    else:
        company = f"Firm{b % 2} Ltd" if c % 5 == 0 else ""
        card = Card(
            first_name=FIRST[a % 3] if b % 3 else f"Name{m.new()}",
            last_name=LAST[b % 2] if b % 3 else f"Name{m.new()}",
            company=company,
            emails=emails,
        )
    with m.typing("o"):
        contacts.create(firm=m.firm, card=card, now=timezone.now())


def o_remove(m: Machine, a: int, b: int, c: int) -> None:
    contact = m.contact(a)
    if contact is not None:
        with m.typing("o"):
            appointments.remove_contact(actor=m.actor, contact=contact, now=timezone.now())


def o_merge(m: Machine, a: int, b: int, c: int) -> None:
    keep, drop = m.contact(a), m.contact(b)
    if keep is not None and drop is not None and keep.pk != drop.pk:
        m.merge_ours(keep, drop)


def o_part(m: Machine, a: int, b: int, c: int) -> None:
    merge = Merge.objects.filter(firm=m.firm, undone_at=None).first()
    if merge is not None:
        with m.typing("o"):
            back = appointments.part_contacts(actor=m.actor, merge=merge, now=timezone.now())
            m.ledger.loosen(f"o:{back.pk}")
            m.ledger.loosen(f"o:{merge.kept_id}")


def o_unlink(m: Machine, a: int, b: int, c: int) -> None:
    contact = m.contact(a)
    if contact is not None:
        m.ledger.loosen(f"o:{contact.pk}")
        with m.typing("o"):
            answers.unlink(actor=m.actor, setting=m.setting(), contact=contact, now=timezone.now())


def o_relink(m: Machine, a: int, b: int, c: int) -> None:
    apart = Apart.objects.filter(connection=m.connection_id, why=Apart.Why.UNLINKED).first()
    if apart is not None:
        with m.typing("o"):
            answers.relink(actor=m.actor, setting=m.setting(), apart=apart, now=timezone.now())


def book(m: Machine, a: int, b: int, c: int) -> None:
    """By somebody new, or by somebody of one of the books."""
    name, email = f"Book{m.new()} Ing", f"b{m.count}@x.example"
    contact = m.contact(a)
    if b % 3 and contact is not None and contact.emails.all() and contact.last_name:
        name, email = contact.name, contact.emails.all()[0].normal
    elif b % 3 == 2:
        name, email = f"{FIRST[a % 3]} {LAST[b % 2]}", SHARED[c % 3]
    at = next(m.slots)
    with m.typing("o"):
        held = appointments.hold(
            appointment_type=m.office.cast.consultation,
            start=m.office.start(9 + at // 2 % 8, 30 * (at % 2)),
            hold_key=f"visitor{at}",
            now=timezone.now(),
        )
        appointments.confirm(
            appointment=held,
            details=ClientDetails(name=name, email=email, phone="", time_zone="America/Denver"),
            now=timezone.now(),
        )


# --- in Clio ----------------------------------------------------------------------------------------------------------


def tell(m: Machine, at: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    id = m.id_there(at)
    if id is not None:
        (row,) = m.clio.control.records("contacts", id=id)
        with m.typing("t"):
            m.clio_does("edit_contact", id, **change(row))


def t_text(m: Machine, a: int, b: int, c: int) -> None:
    name = TEXTS[b % len(TEXTS)]

    def change(row: dict[str, Any]) -> dict[str, Any]:
        if row["type"] == "Company":
            return {"name": f"Word{m.new()} Ltd"}
        if name == "company":
            return {"company": {"id": company(m, b)}}
        return {name: text(m, b, c)}

    tell(m, a, change)


def company(m: Machine, b: int) -> int | None:
    found = m.clio.control.records("contacts", type="Company")
    if not b % 2:
        return None
    if found:
        return int(found[b % len(found)]["id"])
    return int(m.clio_does("create_contact", type="Company", name="Firm1 Ltd")["id"])


def t_add(m: Machine, a: int, b: int, c: int) -> None:
    kind = SETS[b % 3]
    theirs, column, _ = CLIO[kind]

    def change(row: dict[str, Any]) -> dict[str, Any]:
        said = value(m, kind, b)
        if said in (item[column].casefold() for item in row[theirs]):
            m.twice.add(f"t:{row['id']}")
        return {theirs: [{"name": LABELS[c % 3], column: said}]}

    tell(m, a, change)


def t_crowd(m: Machine, a: int, b: int, c: int) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        room = 20 - len(row["email_addresses"])
        return {"email_addresses": [{"address": f"c{m.new()}@x.example"} for _ in range(room - b % 3)]}

    tell(m, a, change)


def t_change(m: Machine, a: int, b: int, c: int) -> None:
    theirs, column, main = CLIO[SETS[b % 3]]

    def change(row: dict[str, Any]) -> dict[str, Any]:
        if not row[theirs]:
            return {"title": row.get("title")}
        one = row[theirs][c % len(row[theirs])]
        said: dict[str, Any] = {
            0: {"_destroy": True},
            1: {"name": LABELS[c % 3]},
            2: {main: True} if main else {"name": "Billing"},
            3: {column: one[column].upper()},
        }[c // 7 % 4]
        return {theirs: [{"id": one["id"], **said}]}

    tell(m, a, change)


def t_create(m: Machine, a: int, b: int, c: int) -> None:
    emails = [{"name": "Work", "address": value(m, "emails", b)}] if c % 4 else []
    data: dict[str, Any] = {"email_addresses": emails}
    if a % 6 == 0:
        data |= {"type": "Company", "name": f"Firm{m.new() if b % 2 else 0} Ltd"}
    elif b % 3:
        data |= {"first_name": FIRST[a % 3], "last_name": LAST[b % 2]}
    else:
        data |= {"first_name": f"Name{m.new()}", "last_name": f"Name{m.new()}"}
    with m.typing("t"):
        m.clio_does("create_contact", **data)


def t_delete(m: Machine, a: int, b: int, c: int) -> None:
    id = m.id_there(a)
    if id is not None:
        with m.typing("t"):
            m.clio_does("delete_contact", id)


def t_merge(m: Machine, a: int, b: int, c: int) -> None:
    keep, lose = m.id_there(a), m.id_there(b)
    rows = {row["id"]: row["type"] for row in m.clio.control.records("contacts")}
    if keep is not None and lose is not None and keep != lose and rows[keep] == rows[lose]:
        m.ledger.merged(f"t:{keep}", f"t:{lose}")
        m.twice.add(f"t:{keep}")  # Clio unites what is spelled the same
        with m.typing("t"):
            m.clio_does("merge_contacts", keep, lose)


def t_hide(m: Machine, a: int, b: int, c: int) -> None:
    """Hidden from the connection's user, or visible again."""
    if m.hidden and b % 2:
        id = m.hidden.pop()
        m.clio.control.hide_contact(id, "alice@hartvale.example", False)
    elif (found := m.id_there(a)) is not None:
        m.hidden.add(found)
        m.ledger.loosen(f"t:{found}")
        m.clio.control.hide_contact(found, "alice@hartvale.example")


# --- the line, the clock, the workers ---------------------------------------------------------------------------------

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 500},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "status_after", "status": 502},
    {"kind": "truncated"},
    {"kind": "malformed"},
    {"kind": "rate_limited", "retry_after": 30},
)


def fault(m: Machine, a: int, b: int, c: int) -> None:
    method = ("POST", "PATCH", "GET", "*")[b % 4]
    m.clio.control.fault(
        **FAULTS[a % len(FAULTS)], method=method, path="/api/v4/contacts*", skip=c % 3, count=1 + c % 4
    )


def clock(m: Machine, a: int, b: int, c: int) -> None:
    m.clock.advance((5, 40, 130, 3600, 7300, 90000)[a % 6])


def work(m: Machine, a: int, b: int, c: int) -> None:
    m.work()


def tick(m: Machine, a: int, b: int, c: int) -> None:
    m.clock.advance((0, 7300, 90000)[a % 3])
    m.tick()
    m.work()


def killed(m: Machine, a: int, b: int, c: int) -> None:
    if a % 2:
        m.clock.advance(7300)
        m.tick()
    m.work(1 + b % (25 if c % 2 else 150))


def deliver(m: Machine, a: int, b: int, c: int) -> None:
    m.deliver(a)
    m.clock.advance(5)
    m.work()


def answered(m: Machine, a: int, b: int, c: int) -> None:
    m.answer_one(a, b)
