"""Two sides of a contact become one again: field by field, member by member, from what both last agreed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from daybook.core.cards import SETS, TEXTS, Card, Member, tidy
from daybook.core.changes import MAIN_IS_WRITTEN, shown, spoken
from daybook.core.people import fold
from daybook.core.reconcile import Rule


class Side(StrEnum):
    """One of the two: ours is Daybook, theirs is Clio."""

    OURS = "ours"
    THEIRS = "theirs"


OURS, THEIRS = Side

#: Whose value a rule lets hold. NEWEST is not here: it takes a clock.
_HOLDS: dict[Rule, Side | None] = {Rule.CLIO: THEIRS, Rule.DAYBOOK: OURS, Rule.ASK: None}

#: The group of rules a text belongs to, for people; what a company is called is a name.
_GROUP = {name: name if name in ("title", "company") else "name" for name in TEXTS}
_COMPANY_GROUP = {**_GROUP, "company": "name"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    What a person has to decide: both sides changed it, differently, and no rule says whose holds.

    `field` is a text ("last_name"), "kind" (person or company, and with it all texts), a set and a key
    ("emails:dana@x.example", `part` "value" or "label"), or a set (`part` "main": which of its members is the main
    one). `was`, `ours` and `theirs` are for reading. The same question found again has the same `field` and `part`.
    """

    field: str
    part: str = ""
    was: str = ""
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """
    What came of a merge: the card each side should hold now, what to remember as agreed, and what nobody could decide.

    `base` is what their side holds *now*, so that what still has to be pushed stays visible as a difference of ours; of
    what is undecided it keeps the old agreed value, so that the question is found again until it is answered. A member
    in it with an empty `value` is one of whose value and label nothing was ever agreed. Keep it as it is: not tidied.
    """

    ours: Card
    theirs: Card
    base: Card
    conflicts: tuple[Conflict, ...] = ()


@dataclass(slots=True)
class _Sheet:
    """A merge while it is being worked out: the fields of the three cards, and how to decide."""

    policy: Mapping[str, Rule]
    newer: Side | None
    ours: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def winner(self, group: str, was: object, ours: object, theirs: object) -> Side | None:
        """Whose value holds; None when a person must decide."""
        if ours in (theirs, was):
            return THEIRS
        if theirs == was:
            return OURS
        rule = self.policy[group]
        return self.newer if rule is Rule.NEWEST else _HOLDS[rule]

    def put(self, name: str, winner: Side | None, was: Any, ours: Any, theirs: Any) -> None:
        """Write one field into the three cards."""
        self.ours[name] = theirs if winner is THEIRS else ours
        self.theirs[name] = ours if winner is OURS else theirs
        self.base[name] = theirs if winner else was


def merge(
    *, agreed: Card | None, ours: Card, theirs: Card, policy: Mapping[str, Rule], newer: Side | None
) -> Merged:
    """
    Unite what both sides made of a contact since they last agreed on `agreed` (None: never).

    - What one side changed, both have afterwards. What both changed differently, the rule of its group decides; `newer`
      is who wrote last, for NEWEST (None: nobody can tell, so a person decides).
    - Where nothing was agreed, the filled side holds, and of two that differ only in case, accents and white space,
      Clio's.
    - Members added on either side stay. One that a side removed goes, unless the other side changed its value or label or
      made it the main one meanwhile: then it stays. (That another became the main one does not count.)
    - Exactly one member of a set is the main one. Order never matters, nor do labels that Clio does not tell apart.
      Which postal address is the main one is taken from Clio unless ours was changed: then each side keeps its own.
    - Sides of different kind (person, company) are decided as one: whoever's kind holds, holds with all texts.

    Merging again changes nothing: not before `Merged.theirs` was sent, nor after; and it finds the same conflicts.
    `policy` has a rule for every group (`reconcile.policy`).
    """
    if ours == theirs == agreed:
        return Merged(ours, theirs, theirs)
    was = agreed or Card()
    sheet = _Sheet(policy, newer)
    if ours.kind == theirs.kind:
        _merge_texts(sheet, was, ours, theirs)
    else:
        _merge_kinds(sheet, was, ours, theirs)
    for name in SETS:
        mine, yours = tidy(getattr(ours, name)), tidy(getattr(theirs, name))
        if mine == yours:
            sheet.put(name, THEIRS, (), mine, yours)
        else:
            _Set(sheet, name, getattr(was, name), mine, yours).merge()
    return Merged(Card(**sheet.ours), Card(**sheet.theirs), Card(**sheet.base), tuple(sheet.conflicts))


def _merge_texts(sheet: _Sheet, was: Card, ours: Card, theirs: Card) -> None:
    groups = _COMPANY_GROUP if ours.kind == "company" else _GROUP
    sheet.put("kind", THEIRS, was.kind, ours.kind, theirs.kind)
    for name in TEXTS:
        old, mine, yours = getattr(was, name), getattr(ours, name), getattr(theirs, name)
        winner = sheet.winner(groups[name], old, mine, yours)
        if not old and mine and yours and _reads_alike(mine, yours):
            winner = THEIRS
        if winner is None:
            sheet.conflicts.append(Conflict(name, "", old, mine, yours))
        sheet.put(name, winner, old, mine, yours)


def _merge_kinds(sheet: _Sheet, was: Card, ours: Card, theirs: Card) -> None:
    winner = sheet.winner("name", _identity(was), _identity(ours), _identity(theirs))
    if winner is None:
        sheet.conflicts.append(Conflict("kind", "", *(_introduced(card) for card in (was, ours, theirs))))
    for name in ("kind", *TEXTS):
        sheet.put(name, winner, getattr(was, name), getattr(ours, name), getattr(theirs, name))


def _identity(card: Card) -> tuple[str, ...]:
    """Kind and texts as one value, empty for a card without any text: that one yields."""
    texts = tuple(getattr(card, name) for name in TEXTS)
    return (card.kind, *texts) if any(texts) else ()


def _introduced(card: Card) -> str:
    return f"{card.kind}: {card.name}" if card.name else ""


def _reads_alike(one: str, other: str) -> bool:
    """Whether two texts differ only in case, accents and white space. Of signs alone, each is its own."""
    folded = fold(one)
    if folded:
        return folded == fold(other)
    return one.casefold().split() == other.casefold().split()


class _Set:
    """The merge of one set."""

    def __init__(
        self,
        sheet: _Sheet,
        name: str,
        was: Iterable[Member],
        ours: Iterable[Member],
        theirs: Iterable[Member],
    ) -> None:
        self.sheet, self.name = sheet, name
        self.was: dict[str, Member] = {}
        for member in was:
            self.was.setdefault(member.key, member)
        self.mine = {m.key: m for m in ours}
        self.yours = {m.key: m for m in theirs}
        self.ours: dict[str, Member] = {}
        self.theirs: dict[str, Member] = {}
        # Every key that is at their side now, and no other.
        self.base = dict(self.yours)

    def merge(self) -> None:
        for key in {**self.mine, **self.yours}:
            mine, yours = self.mine.get(key), self.yours.get(key)
            if mine and yours:
                self._unite(mine, yours)
            elif mine and self._stays(mine):
                self.ours[key], self.theirs[key] = mine, replace(mine, id="")
            elif yours and self._stays(yours):
                self.ours[key] = self.theirs[key] = yours
        ours, theirs, agreed = self._main()
        self.sheet.ours[self.name] = _ranked(self.ours, ours, first=self.mine)
        self.sheet.theirs[self.name] = _ranked(self.theirs, theirs, first=self.yours)
        self.sheet.base[self.name] = tuple(_flagged(m, m.key == agreed) for m in self.base.values())

    def _stays(self, member: Member) -> bool:
        """Whether a member that one side has stays: it is new there, or it was changed there after all."""
        was = self.was.get(member.key)
        return (
            was is None
            or was.value != member.value
            or spoken(was.label, self.name) != spoken(member.label, self.name)
            or (member.main and not was.main)
        )

    def _unite(self, mine: Member, yours: Member) -> None:
        """One member that both sides have: value and label each for themselves."""
        key, was = mine.key, self.was.get(mine.key)
        if mine.value == yours.value and mine.label == yours.label:
            self.ours[key], self.theirs[key] = _flagged(yours, mine.main), yours
            return
        if was and not was.value:
            was = None
        old, labels = "", [spoken(m.label, self.name) for m in (mine, yours)]
        # Where the two say the same in different words, each keeps its own.
        told_apart = labels[0] != labels[1]
        if not was and told_apart:
            labels = [said if m.label else "" for m, said in zip((mine, yours), labels, strict=True)]
        value: Side | None = THEIRS  # one key: where nothing was agreed, they differ in spelling alone
        if was:
            old = spoken(was.label, self.name)
            value = self.sheet.winner(self.name, was.value, mine.value, yours.value)
        label = self.sheet.winner(self.name, old, *labels)
        if value is None and was:
            self._ask(key, "value", shown(was), shown(mine), shown(yours))
        if label is None:
            self._ask(key, "label", was.label if was else "", mine.label, yours.label)

        self.ours[key] = Member(
            key,
            yours.value if value is THEIRS else mine.value,
            yours.label if label is THEIRS and told_apart else mine.label,
            mine.main,
            yours.id or mine.id,
        )
        self.theirs[key] = Member(
            key,
            mine.value if value is OURS else yours.value,
            mine.label if label is OURS and told_apart else yours.label,
            yours.main,
            yours.id,
        )
        self.base[key] = Member(
            key,
            yours.value if value and (label or was) else was.value if was else (),
            yours.label if label else was.label if was else "",
            yours.main,
            yours.id,
        )

    def _main(self) -> tuple[str, str, str]:
        """The key of the main member: for ours, for theirs, and as agreed ("" for none)."""
        was = next((m.key for m in self.was.values() if m.main), "")
        ours, theirs = (
            next((m.key for m in side.values() if m.main), "") for side in (self.mine, self.yours)
        )
        if self.name not in MAIN_IS_WRITTEN and ours and theirs and len({was, ours, theirs}) == 3:
            # Clio chooses for itself when the main one goes: nobody's word, and ours cannot be written there.
            first = next(iter(self.ours), "")
            return ours if ours in self.ours else first, theirs if theirs in self.theirs else first, ""
        # A side with no members has no opinion.
        winner = self.sheet.winner(self.name, was, ours or theirs, theirs or ours)
        if winner is None:
            # What is gone by now is nothing to go back to, and would be in the way when the answer comes.
            known = self.was[was] if was in self.ours and was in self.yours else None
            texts = (known, self.mine[ours], self.yours[theirs])
            self._ask("", "main", *(shown(m) or m.key if m else "" for m in texts))
            return ours, theirs, known.key if known else ""
        chosen = ours or theirs if winner is OURS else theirs or ours
        if chosen not in self.ours:
            chosen = next(iter(self.ours), "")
        return chosen, chosen, theirs

    def _ask(self, key: str, part: str, was: str, ours: str, theirs: str) -> None:
        where = f"{self.name}:{key}" if key else self.name
        self.sheet.conflicts.append(Conflict(where, part, was, ours, theirs))


def _flagged(member: Member, main: bool) -> Member:
    return member if member.main == main else replace(member, main=main)


def _ranked(members: Mapping[str, Member], main: str, *, first: Iterable[str]) -> tuple[Member, ...]:
    """The members with one of them the main one, in the order of `first`, then what came from the other side."""
    order = dict.fromkeys((*(key for key in first if key in members), *members))
    return tidy(_flagged(members[key], key == main) for key in order)


def resolve(conflict: Conflict, choice: Side, *, agreed: Card | None, ours: Card, theirs: Card) -> Card:
    """
    What to remember as agreed once a person answered: the next merge takes the value of the side they chose.

    The other side's value becomes the agreed one, so that the chosen side is the one that changed. `ours` and `theirs`
    are the cards the conflict was found between, or those that merge made of them. A question about a member that one of
    the sides no longer has is moot: then nothing changes.
    """
    known, loser = agreed or Card(), theirs if choice is OURS else ours
    if conflict.field == "kind":
        return replace(known, kind=loser.kind, **{name: getattr(loser, name) for name in TEXTS})
    if conflict.field in TEXTS:
        return replace(known, **{conflict.field: getattr(loser, conflict.field)})
    name, _, key = conflict.field.partition(":")
    cards = (known, ours, theirs, loser)
    was, mine, yours, lost = ({m.key: m for m in reversed(getattr(card, name))} for card in cards)
    if conflict.part == "main":
        main = next((m.key for m in tidy(getattr(loser, name)) if m.main), "")
        if main and not (main in was and main in mine and main in yours):
            # Remembered as the main one and as no more: were it known, its absence would count as a removal.
            was[main] = Member(main, (), "", True)
        was = {m.key: _flagged(m, m.key == main) for m in was.values()}
    elif key in mine and key in yours:
        old = was.get(key)
        if not (old and old.value):
            old = Member(key, mine[key].value, "", bool(old and old.main))
        was[key] = replace(old, **{conflict.part: getattr(lost[key], conflict.part)})
    members: dict[str, Any] = {name: tuple(was.values())}
    return replace(known, **members)


def resolve_all(
    choices: Iterable[tuple[Conflict, Side]], *, agreed: Card | None, ours: Card, theirs: Card
) -> Card:
    """`resolve` for many conflicts of one pair of cards at once."""
    known = agreed or Card()
    for conflict, choice in choices:
        known = resolve(conflict, choice, agreed=known, ours=ours, theirs=theirs)
    return known
