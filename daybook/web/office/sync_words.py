"""Contact sync in words: fields, cards, what a round did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from daybook.contacts.models import Contact
from daybook.contacts.phones import show_phone
from daybook.core.cards import Card, Member
from daybook.core.changes import Difference, shown
from daybook.core.reconcile import DEFAULT_POLICY, GROUPS, Rule
from daybook.core.times import say_moment
from daybook.sync.mirror.asking import field_name
from daybook.sync.models import Apart, Cycle
from daybook.web.office import contact_history

#: How the rules are called.
RULES: dict[str, str] = {
    Rule.CLIO: "Clio wins",
    Rule.DAYBOOK: "Daybook wins",
    Rule.NEWEST: "Newest wins",
    Rule.ASK: "Ask",
}

#: The groups of fields that have a rule, and what is in them.
GROUP_WORDS: dict[str, tuple[str, str]] = {
    "name": ("Names", "First, middle and last name, prefix, and what a company is called."),
    "company": ("Company", "Whom a person works for."),
    "title": ("Job title", ""),
    "emails": (
        "Email addresses",
        "Addresses of both sides are kept; the rule is for labels, spelling and which is the main one.",
    ),
    "phones": ("Phone numbers", "As with email addresses."),
    "addresses": ("Postal addresses", "As with email addresses."),
}

#: Why a contact is not synced any more.
APART_WORDS: dict[str, str] = {
    Apart.Why.UNLINKED: "Unlinked by hand: both sides stay as they are.",
    Apart.Why.GONE: "Deleted in Clio, or hidden from the Clio user who connected Daybook.",
    Apart.Why.REMOVED: "Removed from Daybook; Clio keeps it.",
}

#: What a round may have done: column, and the words for one and for several.
DEEDS: tuple[tuple[str, str], ...] = (
    ("linked", "linked"),
    ("added_here", "added here"),
    ("changed_here", "changed here"),
    ("added_there", "added to Clio"),
    ("changed_there", "changed in Clio"),
    ("asked", "to ask about"),
    ("unlinked", "unlinked"),
)


#: Why most rounds happen.
EVERY_TWO_HOURS = "Every two hours"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the rules for a group of fields."""

    group: str
    title: str
    help: str
    rule: str
    options: tuple[tuple[str, str], ...]


def choices(policy: dict[str, Rule]) -> list[Choice]:
    """The table of rules as a form: for each group its rule, the default named."""
    return [
        Choice(
            group,
            *GROUP_WORDS[group],
            policy[group].value,
            tuple(
                (rule, f"{words} (default)" if DEFAULT_POLICY[group] == rule else words)
                for rule, words in RULES.items()
            ),
        )
        for group in GROUPS
    ]


@dataclass(frozen=True, slots=True)
class Round:
    """One round as a row."""

    at: str
    kind: str
    did: str
    looked_at: str
    requests: str
    trouble: str
    over: bool


def round_row(cycle: Cycle, zone: str) -> Round:
    return Round(
        say_moment(cycle.started_at, zone),
        EVERY_TWO_HOURS if cycle.kind == Cycle.Kind.REGULAR else cycle.get_kind_display(),
        did(cycle),
        f"{cycle.looked_at:,}",
        f"{cycle.requests:,}",
        cycle.trouble,
        cycle.finished_at is not None,
    )


def did(cycle: Cycle) -> str:
    """ "3 linked, 1 added to Clio", or that there was nothing to do."""
    deeds = [f"{getattr(cycle, name):,} {words}" for name, words in DEEDS if getattr(cycle, name)]
    return ", ".join(deeds) or "Nothing to do"


@dataclass(frozen=True, slots=True)
class Line:
    """One field, what it says in Clio and in Daybook."""

    field: str
    theirs: str
    ours: str


def lines(differences: tuple[Difference, ...], country: str) -> list[Line]:
    return [
        Line(
            contact_history.field_name(one.field),
            contact_history.said(one.field, one.was, country),
            contact_history.said(one.field, one.now, country),
        )
        for one in differences
    ]


def conflict_field(field: str, part: str) -> str:
    """What a dispute is about: "Last name", "Label of the email dana@x.example", "Main phone"."""
    name, _, key = field.partition(":")
    words = field_name(name)
    if part == "main":
        return f"Main {words}"
    if part == "label":
        return f"Label of the {words} {key}"
    return "Person or company" if name == "kind" else words.capitalize()


def card_rows(card: Card, country: str) -> list[tuple[str, str]]:
    """A card for reading, field by field, what is empty left out."""
    rows = [("Name", card.name)]
    if card.kind == "person":
        rows += [("Prefix", card.prefix), ("Title", card.title), ("Company", card.company)]
    rows += [("Email", _labeled(m, shown(m))) for m in card.emails]
    rows += [("Phone", _labeled(m, _number(m, country))) for m in card.phones]
    rows += [("Address", _labeled(m, shown(m))) for m in card.addresses]
    return [(field, value) for field, value in rows if value]


def _number(member: Member, country: str) -> str:
    return show_phone(member.key, country) if member.key.startswith("+") else shown(member)


def _labeled(member: Member, text: str) -> str:
    return f"{text} ({member.label.lower()})" if member.label else text


def first_reach(card: Card) -> str:
    """By what somebody is told from others of the name: the first address or number."""
    return next((shown(m) for m in (*card.emails, *card.phones)), "")


def name_of(contact: Contact | None, otherwise: str = "") -> str:
    if contact is None:
        return otherwise or "A contact that is gone"
    return contact.name or "No name"


def moment(at: datetime | None, zone: str) -> str:
    return say_moment(at, zone) if at else ""
