"""A card's changes in the words of Clio's connector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daybook.connectors.clio.contacts import AddressWrite, EmailWrite, PhoneWrite
from daybook.core.cards import Card
from daybook.core.changes import Act, Step, Writes, writes


def _email(step: Step) -> EmailWrite:
    (address,) = _value(step)
    return EmailWrite(address, _label(step), "main" in step.parts, step.id or None, step.act is Act.REMOVE)


def _phone(step: Step) -> PhoneWrite:
    (number,) = _value(step)
    return PhoneWrite(number, _label(step), "main" in step.parts, step.id or None, step.act is Act.REMOVE)


def _address(step: Step) -> AddressWrite:
    return AddressWrite(*_value(step), label=_label(step), id=step.id or None, remove=step.act is Act.REMOVE)


def _value(step: Step) -> tuple[str | None, ...]:
    """What is sent of a member's value: nothing, where it is not the value that changes."""
    return step.member.value if "value" in step.parts else (None,) * len(step.member.value)


def _label(step: Step) -> str | None:
    return step.member.label if "label" in step.parts else None


_WRITTEN: dict[str, Callable[[Step], Any]] = {"emails": _email, "phones": _phone, "addresses": _address}


def changes(needed: Writes, kind: str, company_id: Callable[[str], str]) -> dict[str, Any]:
    """
    What `contacts.update` takes: of each member only those parts that the step names, since a label that is not named
    may be one that only Clio can give. A person's company is a contact of its own in Clio: `company_id` finds or makes
    it, and is called only when the company changes.
    """
    company = needed.texts.get("company")
    found: dict[str, Any] = {name: text for name, text in needed.texts.items() if name != "company"}
    if company is not None and kind == "company":
        found["name"] = company
    elif company is not None:
        found["company_id"] = company_id(company) if company else None
    for name, steps in needed.steps.items():
        found[name] = [_WRITTEN[name](step) for step in steps]
    return found


def whole(card: Card, company_id: Callable[[str], str]) -> dict[str, Any]:
    """What `contacts.create` takes for a card: as much of it as Clio can hold."""
    needed = writes(Card(kind=card.kind), card)
    found = changes(needed, card.kind, company_id)
    if "name" in found:
        found["company_name"] = found.pop("name")
    return found
