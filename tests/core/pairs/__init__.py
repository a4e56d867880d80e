"""Pairs of records made up by hand, each with whether they are one person: what the matcher is measured by."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daybook.core.matching import Decision, pair
from daybook.core.people import Person


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row: two records, and whether they are the same. `held` rows are looked at only to measure."""

    theme: str
    held: bool
    same: bool
    one: Person
    other: Person
    crowded: tuple[str, ...]
    note: str

    def decision(self) -> Decision:
        """What the matcher makes of them."""
        return pair(self.one, [self.other], crowded=self.crowded).decision

    def __str__(self) -> str:
        return f"{self.theme}: {_told(self.one)} / {_told(self.other)} ({self.note})"


def _told(person: Person) -> str:
    return " ".join((person.first, person.middle, person.last, *person.emails, *person.phones)).strip()


def _person(row: dict[str, str], prefix: str) -> Person:
    def field(name: str) -> str:
        return row[prefix + name]

    return Person(
        "",
        field("first"),
        field("last"),
        tuple(field("emails").split()),
        tuple(field("phones").split()),
        field("company"),
        field("kind"),
        field("middle"),
    )


def labelled() -> Iterator[Labelled]:
    """All rows of all tables beside this file."""
    for path in sorted(Path(__file__).parent.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                yield Labelled(
                    path.stem,
                    row["split"] == "held",
                    row["label"] == "same",
                    _person(row, ""),
                    _person(row, "other_"),
                    tuple(row["crowded"].split()),
                    row["note"],
                )
