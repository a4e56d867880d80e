"""A contact's card as a form: names, and rows of emails, phones and addresses with spare ones behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms

from daybook.contacts.cards import address_member, email_member, kept, phone_member
from daybook.contacts.phones import parse_phone
from daybook.core.cards import MOST_CHARACTERS, MOST_MEMBERS, SETS, TEXTS, Card, Member
from daybook.core.changes import LABELS
from daybook.core.errors import Refusal
from daybook.core.people import normalise_email
from daybook.web.forms import RefusableForm
from daybook.web.office.rows import numbers

SPARE = 1


@dataclass(frozen=True, slots=True)
class RowKind:
    """How one member of a set is typed: `name` begins its fields' names; `parts` are fields and their labels."""

    set: str
    name: str
    title: str
    label: str  # of the choice of what it is
    parts: tuple[tuple[str, str, dict[str, str]], ...]


KINDS = (
    RowKind(
        "emails",
        "email",
        "Email addresses",
        "Label",
        (("address", "Email", {"type": "text", "inputmode": "email", "autocomplete": "off"}),),
    ),
    RowKind(
        "phones",
        "phone",
        "Phone numbers",
        "Label",
        (("number", "Phone", {"type": "tel", "autocomplete": "off"}),),
    ),
    RowKind(
        "addresses",
        "place",
        "Postal addresses",
        "Label",
        (
            ("street", "Street", {}),
            ("city", "City", {}),
            ("province", "State or province", {}),
            ("postal_code", "Postal code", {}),
            ("country", "Country", {}),
        ),
    ),
)

NAMES = {
    "prefix": "Prefix",
    "first_name": "First name",
    "middle_name": "Middle name",
    "last_name": "Last name",
    "title": "Title",
    "company": "Company",
}

#: The names that a company has not.
_OF_PEOPLE = ("first_name", "middle_name", "last_name", "prefix")

_TOO_LONG = {"max_length": f"Please use at most {MOST_CHARACTERS} characters."}


def _line(label: str, initial: str, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MOST_CHARACTERS,
        required=False,
        initial=initial,
        widget=forms.TextInput(attrs={"autocomplete": "off"} | attrs),
        error_messages=_TOO_LONG,
    )


class ContactForm(RefusableForm):
    """`card()` is what was typed; what was there before and is not touched is taken as it was."""

    kind = forms.ChoiceField(
        label="This is",
        choices=[("person", "A person"), ("company", "A company")],
        widget=forms.RadioSelect,
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, card: Card, *, is_client: bool, country: str, seen: str = "", data: Any = None
    ) -> None:
        self.before, self.country = card, country
        super().__init__(data, initial={"kind": card.kind, "seen": seen})
        for name in NAMES:
            self.fields[name] = _line(NAMES[name], getattr(card, name))
        self.fields["company"].help_text = "For a company its own name; for a person, who they work for."
        self.fields["is_client"] = forms.BooleanField(label="Is a client", required=False, initial=is_client)
        self.row_numbers: dict[str, list[int]] = {}
        self.members: dict[str, tuple[Member, ...]] = {}
        for kind in KINDS:
            self._add_rows(kind, getattr(card, kind.set), data)

    def _add_rows(self, kind: RowKind, members: tuple[Member, ...], data: Any) -> None:
        self.row_numbers[kind.set] = numbers(
            data, kind.name, kind.parts[0][0], len(members), SPARE, MOST_MEMBERS
        )
        for n in self.row_numbers[kind.set]:
            member = members[n] if n < len(members) else Member("", ("",) * len(kind.parts), "Work")
            for (part, label, attrs), value in zip(kind.parts, member.value, strict=True):
                self.fields[f"{kind.name}_{n}_{part}"] = _line(label, value, **attrs)
            labels = LABELS[kind.set]
            # Clio tells of more labels than it takes; one that is there already may stay.
            offered = dict.fromkeys((*labels, *(m.label for m in members)))
            self.fields[f"{kind.name}_{n}_label"] = forms.ChoiceField(
                label=kind.label,
                choices=[(one, one or "Not said") for one in offered],
                required=False,
                initial=member.label,
            )
            self.fields[f"{kind.name}_{n}_main"] = forms.BooleanField(
                label="Default", required=False, initial=member.main
            )

    def row_groups(self) -> list[dict[str, Any]]:
        """For the page: every set with its rows."""
        return [
            {
                "kind": kind,
                "most": MOST_MEMBERS,
                "rows": [self._row(kind, n) for n in self.row_numbers[kind.set]],
            }
            for kind in KINDS
        ]

    def _row(self, kind: RowKind, n: int) -> dict[str, Any]:
        parts = [self[f"{kind.name}_{n}_{part}"] for part, _, _ in kind.parts]
        return {
            "parts": parts,
            "label": self[f"{kind.name}_{n}_label"],
            "main": self[f"{kind.name}_{n}_main"],
            "spare": not any(part.value() or part.errors for part in parts),
        }

    # What was typed ----------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        company = typed.get("kind") == "company"
        if company and not typed.get("company"):
            self.add_error("company", "Please enter the company's name.")
        if not company and not (typed.get("first_name") or typed.get("last_name")):
            self.add_error("first_name", "Please enter a first or a last name.")
        for kind in KINDS:
            self.members[kind.set] = self._typed_members(kind, typed)
        return typed

    def _typed_members(self, kind: RowKind, typed: dict[str, Any]) -> tuple[Member, ...]:
        found: dict[str, Member] = {}
        chosen: list[tuple[int, str]] = []
        for n in self.row_numbers[kind.set]:
            first = f"{kind.name}_{n}_{kind.parts[0][0]}"
            parts = tuple(typed.get(f"{kind.name}_{n}_{part}", "") for part, _, _ in kind.parts)
            if not any(parts):
                continue
            try:
                member = self._member(kind, n, parts, typed.get(f"{kind.name}_{n}_label", ""))
            except Refusal as refusal:
                self.add_error(first, refusal.text)
                continue
            if member.key in found:
                self.add_error(first, "This is here twice. Please empty one of the two.")
                continue
            found[member.key] = member
            if typed.get(f"{kind.name}_{n}_main"):
                chosen.append((n, member.key))
        main = self._main(kind, chosen)
        return tuple(replace(member, main=key == main) for key, member in found.items())

    def _member(self, kind: RowKind, n: int, parts: tuple[str, ...], label: str) -> Member:
        """Raises Refusal for what was typed now and is no address or number; what was there already may be none."""
        before = getattr(self.before, kind.set)
        known = next((m for m in before if m.value == parts), None)
        if known is not None:
            return replace(known, label=label)
        if kind.set == "emails":
            normalise_email(parts[0])
            return email_member(parts[0], label)
        if kind.set == "phones":
            parse_phone(parts[0], self.country)
            return phone_member(parts[0], label, country=self.country)
        return address_member(parts, label)

    def _main(self, kind: RowKind, chosen: list[tuple[int, str]]) -> str:
        """The default: what was ticked now, else what was before, else (with nothing ticked) the first."""
        was = {member.key for member in getattr(self.before, kind.set) if member.main}
        now = [(n, key) for n, key in chosen if key not in was]
        for n, _ in now[1:]:
            self.add_error(f"{kind.name}_{n}_main", "Only one can be the default.")
        return next((key for _, key in (now or chosen)), "")

    def card(self) -> Card:
        typed = self.cleaned_data
        texts = {name: typed[name] for name in TEXTS}
        if typed["kind"] == "company":
            texts |= dict.fromkeys(_OF_PEOPLE, "")
        return kept(Card(kind=typed["kind"], **texts, **{name: self.members[name] for name in SETS}))
