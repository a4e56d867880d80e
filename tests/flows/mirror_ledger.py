"""What people typed into which book, and whether it is all still there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from daybook.core.cards import SETS, TEXTS, Card, Member

Cards = Callable[[], dict[int, Card]]
Key = tuple[str, str]


def node(side: str, id: int) -> str:
    """A contact of ours ("o:1") or of Clio's ("t:1")."""
    return f"{side}:{id}"


class Ledger:
    """Since the last time both books agreed: who was who, what each said then, and what people did."""

    def __init__(self, ours: Cards, theirs: Cards) -> None:
        self.read: dict[str, Cards] = {"o": ours, "t": theirs}
        self.made: set[str] = set()  # by people, not by the engine
        self.removed: set[str] = set()
        self.heirs: dict[str, str] = {}
        self.start([])

    def start(self, links: Iterable[tuple[int, int]]) -> None:
        """Both books agree now: what was is only remembered as what is."""
        self.base = {node(side, id): card for side, read in self.read.items() for id, card in read().items()}
        self.parents: dict[str, str] = {}
        self.texts: dict[str, dict[str, str]] = defaultdict(dict)
        self.ever: dict[str, set[str]] = defaultdict(set)
        self.members: dict[str, dict[Key, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.loose: set[str] = set()
        self.pairs = {(node("o", ours), node("t", theirs)) for ours, theirs in links}
        self.see(links)

    # --- who is who ----------------------------------------------------------------------------------------------------

    def group(self, one: str) -> str:
        while one in self.parents:
            one = self.parents[one]
        return one

    def same(self, one: str, other: str) -> None:
        if self.group(one) != self.group(other):
            self.parents[self.group(one)] = self.group(other)

    def see(self, links: Iterable[tuple[int, int]]) -> None:
        for ours, theirs in links:
            self.same(node("o", ours), node("t", theirs))

    def of(self, one: str) -> set[str]:
        known = {*self.base, *self.texts, *self.members, *self.parents, one}
        return {other for other in known if self.group(other) == self.group(one)}

    def loosen(self, one: str) -> None:
        """From here on this person's two sides may differ from what was typed: parted, hidden, merged, decided upon."""
        self.loose.add(one)

    def is_loose(self, one: str) -> bool:
        return any(self.group(other) == self.group(one) for other in self.loose)

    def merged(self, keep: str, drop: str) -> None:
        self.same(keep, drop)
        self.heirs[drop] = keep
        self.loosen(keep)

    # --- what people did -----------------------------------------------------------------------------------------------

    @contextmanager
    def noting(self, side: str, *, decided: bool = False) -> Iterator[None]:
        """Note what a person changes on one side; with `decided` they only chose among what was there."""
        before = self.read[side]()
        try:
            yield
        finally:
            after = self.read[side]()
            for id in before.keys() | after.keys():
                self._note(node(side, id), before.get(id), after.get(id), decided)

    def _note(self, one: str, before: Card | None, after: Card | None, decided: bool) -> None:
        if before == after:
            return
        if decided:
            self.loosen(one)
        if after is None:
            self.removed.add(one)
            self.loosen(one)
            return
        if before is None and not decided:
            self.made.add(one)
        was = before or Card()
        if was.kind == "company" and was.company != after.company:
            self._renamed(was.company)
        for name in TEXTS:
            if getattr(was, name) != getattr(after, name) or before is None:
                self.texts[one][name] = getattr(after, name)
                self.ever[name].add(getattr(after, name))
        for name in SETS:
            old, new = _by_key(getattr(was, name)), _by_key(getattr(after, name))
            for key in old.keys() | new.keys():
                if old.get(key) != new.get(key):
                    act = "add" if key not in old else "remove" if key not in new else "touch"
                    self.members[one][name, key].append(act)

    def _renamed(self, company: str) -> None:
        """Whoever works there says so by another name now."""
        for side, read in self.read.items():
            for id, card in read().items():
                if card.company == company:
                    self.loosen(node(side, id))

    # --- what must be so -----------------------------------------------------------------------------------------------

    def complaints(self) -> Iterator[str]:
        """What is not as it must be, both books having had their time."""
        now = {node(side, id): card for side, read in self.read.items() for id, card in read().items()}
        for gone in self.base.keys() - now.keys() - self.removed:
            yield f"{gone} is gone, and nobody removed it"
        for one, card in now.items():
            if self.of(one) & (self.made | self.base.keys()):  # else a company that somebody's contact named
                yield from self._texts(one, card)
                yield from self._members(one, card)

    def _texts(self, one: str, card: Card) -> Iterator[str]:
        group = self.of(one)
        for name in TEXTS:
            said = {self.texts[other][name] for other in group if name in self.texts[other]}
            was = {getattr(self.base[other], name) for other in group if other in self.base}
            value = getattr(card, name)
            strict = not self.is_loose(one) and len(was) <= 1
            allowed = said if strict and said else was | said | {""} if not strict else was or {""}
            if not strict:
                allowed = allowed | self.ever[name]  # one that had arrived before the two were parted
            if name == "company":
                allowed |= was  # Clio cannot be told that somebody has left one
            if value not in allowed:
                yield f"{one} says {name} {value!r}, not one of {sorted(allowed)}"

    def _members(self, one: str, card: Card) -> Iterator[str]:
        group = self.of(one)
        for name in SETS:
            here = _by_key(getattr(card, name))
            base = _by_key(getattr(self.base[one], name)) if one in self.base else {}
            added = {key for (kind, key), acts in self.members[one].items() if kind == name and "add" in acts}
            for key in (base.keys() | added) - here.keys():
                if not any("remove" in self.members[other].get((name, key), ()) for other in group):
                    yield f"{one} has lost {key} of {name}, which nobody removed"
            if self.is_loose(one):
                continue
            for key in here:
                acts = {other: self.members[other].get((name, key), []) for other in group}
                known = any(
                    key in _by_key(getattr(self.base[other], name)) for other in group if other in self.base
                )
                at_work = [done for done in acts.values() if done]
                if not known and not at_work:
                    yield f"{one} has {key} of {name}, which nobody added"
                if len(at_work) == 1 and at_work[0][-1] == "remove":
                    yield f"{one} still has {key} of {name}, which was removed"


def _by_key(members: Iterable[Member]) -> dict[str, Member]:
    return {member.key: member for member in members}
