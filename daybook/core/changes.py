"""What differs between two cards: field by field, and as the least to send to the other side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from daybook.core.cards import MOST_CHARACTERS, MOST_MEMBERS, SETS, TEXTS, Card, Member, tidy

#: The labels that Clio takes; any other becomes the last of them (API document of 2026-04-08). It may tell of more.
LABELS: dict[str, tuple[str, ...]] = {
    "emails": ("Work", "Home", "Other"),
    "phones": ("Work", "Home", "Mobile", "Fax", "Pager", "Skype", "Other"),
    "addresses": ("Work", "Home", "Billing", "Other"),
}

#: The sets whose main member Clio lets others choose. Of a postal address it tells which one is the main one, and takes no
#: word about it (API document of 2026-04-08): each side keeps its own then.
MAIN_IS_WRITTEN = frozenset({"emails", "phones"})

_SPOKEN = {name: {label.casefold(): label for label in labels} for name, labels in LABELS.items()}

#: The texts of which one must be filled, or Clio refuses the contact (API document of 2026-04-08).
_NAMED_BY = {"person": ("first_name", "last_name"), "company": ("company",)}


class Act(StrEnum):
    """What is done to one member of a set."""

    REMOVE = "remove"
    CHANGE = "change"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing to do to a set at the other side.

    `id` is theirs, and empty for ADD. `member` is what the member will be, a label that is sent one that Clio takes (for
    REMOVE, what it is now). `parts` are those of "value", "label" and "main" to send, and no other: a label not named
    may be one that only Clio can give. "main" is only ever for who becomes the main one, which ends it for the one before.
    """

    act: Act
    id: str
    member: Member
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Writes:
    """
    The least to send. `texts` by field, `steps` by set (removals first, then changes, then additions).

    `left_out` names what the other side cannot hold: "kind", a field, or a set and a key as in "emails:dana@x.example".
    """

    texts: Mapping[str, str]
    steps: Mapping[str, tuple[Step, ...]]
    left_out: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.texts and not any(self.steps.values())


#: A text, a member as [key, [parts], label], whether somebody is a client; None is a member that is not there.
Value = str | bool | list[Any] | None

#: The field that says which member of a set is the main one: its value is that member's key.
MAIN = ".main"


@dataclass(frozen=True, slots=True)
class Difference:
    """`field` is "last_name", "emails:dana@example.com", "emails.main" or, of a history, "is_client"."""

    field: str
    was: Value
    now: Value


def spoken(label: str, set_name: str) -> str:
    """
    The label that Clio makes of this one, by which labels are compared: what it does not take is "Other" there.

    So "Assistant" here and "Other" there are the same, and neither side's word is ever written over the other's.
    """
    return _SPOKEN[set_name].get(label.strip().casefold(), "Other")


def shown(member: Member) -> str:
    """A member's value on one line."""
    return ", ".join(part for part in member.value if part)


def alike(one: Card, other: Card) -> bool:
    """
    Whether two cards say the same: order, ids, labels that Clio does not tell apart, and which postal address is the main
    one make no difference.
    """
    return one == other or (
        one.kind == other.kind
        and all(getattr(one, name) == getattr(other, name) for name in TEXTS)
        and all(_said(one, name) == _said(other, name) for name in SETS)
    )


def _said(card: Card, name: str) -> set[tuple[str, tuple[str, ...], str, bool]]:
    return {(m.key, m.value, spoken(m.label, name), _made_main(name, m)) for m in tidy(getattr(card, name))}


def differences(before: Card, after: Card) -> Iterator[Difference]:
    """Every field in which two cards differ, in the order of a card. The order within a set is no difference."""
    for name in ("kind", *TEXTS):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Difference(name, was, now)
    for name in SETS:
        old, new = tidy(getattr(before, name)), tidy(getattr(after, name))
        if old == new:
            continue
        olds = {member.key: written(member) for member in old}
        news = {member.key: written(member) for member in new}
        for key in olds | news:
            if olds.get(key) != news.get(key):
                yield Difference(f"{name}:{key}", olds.get(key), news.get(key))
        # That the only member is the main one goes without saying.
        if old and new and main_of(old) != main_of(new):
            yield Difference(name + MAIN, main_of(old), main_of(new))


def written(member: Member) -> list[Any]:
    """A member as a Value."""
    return [member.key, list(member.value), member.label]


def main_of(members: Iterable[Member]) -> str:
    """The key of the main one, "" where there is none."""
    return next((member.key for member in members if member.main), "")


def writes(current: Card, target: Card) -> Writes:
    """
    The least to send so that the other side's `current`, whose members carry their ids, becomes `target`.

    Nothing is added that could be changed instead: somebody's new address takes over the id of the one that went. Left
    out, and named, are: texts of more than 255 characters, members beyond the twentieth, a change between person and
    company with all texts that hang on it, a change that would leave the contact without a name, that somebody no
    longer works for a company (the API document of 2026-04-08 has no way to say so), and changes of a member without id. What is left out removes nothing at the other side.
    """
    texts, left_out = _texts(current, target)
    steps: dict[str, tuple[Step, ...]] = {}
    for name in SETS:
        if getattr(current, name) == getattr(target, name):
            continue
        done, missed = _steps(name, getattr(current, name), getattr(target, name))
        left_out += missed
        if done:
            steps[name] = tuple(done)
    return Writes(texts, steps, tuple(left_out))


def reached(sent: Card, before: Card, left_out: Iterable[str]) -> Card:
    """
    What the other side holds once `sent` was sent to it, when it held `before` and these (`Writes.left_out`) could not be
    sent: of them, what it had.
    """
    names = set(left_out)
    kept: dict[str, Any] = {
        name: getattr(before, name) for name in ("kind", *TEXTS) if name in names or "kind" in names
    }
    for name in SETS:
        keys = {one.partition(":")[2] for one in names if one.startswith(f"{name}:")}
        if keys:
            had = [m for m in getattr(before, name) if m.key in keys]
            kept[name] = (*(m for m in getattr(sent, name) if m.key not in keys), *had)
    return replace(sent, **kept)


def _texts(current: Card, target: Card) -> tuple[dict[str, str], list[str]]:
    changed = {name: now for name in TEXTS if (now := getattr(target, name)) != getattr(current, name)}
    if current.kind != target.kind:
        return {}, ["kind", *changed]
    left_out = [name for name, now in changed.items() if len(now) > MOST_CHARACTERS]
    if target.kind == "person" and changed.get("company") == "":
        left_out.append("company")
    naming = _NAMED_BY[target.kind]
    if not any(getattr(current if name in left_out else target, name) for name in naming):
        left_out += [name for name in naming if name in changed]
    return {name: now for name, now in changed.items() if name not in left_out}, left_out


def _steps(
    name: str, current: tuple[Member, ...], target: tuple[Member, ...]
) -> tuple[list[Step], list[str]]:
    """What to do about one set, and the keys of what cannot be done."""
    have = {m.key: m for m in tidy(current)}
    want = {m.key: replace(m, label=spoken(m.label, name)) for m in tidy(target)}
    pairs = [(have[key], member) for key, member in want.items() if key in have]
    new = [m for key, m in want.items() if key not in have]
    # Of twins, every one goes: the one that stayed would be taken for somebody's addition.
    gone = [m for m in current if m.key not in want and m.id]
    left_out = [f"{name}:{m.key}" for m in current if m.key not in want and not m.id]
    # What can be sent has the first choice of the ids that become free.
    taken, gone, fitting = _paired(name, gone, [m for m in new if not _too_long(m)])
    kept, gone, long = _paired(name, gone, [m for m in new if _too_long(m)])

    changes: list[Step] = []
    for now, member in pairs + taken + kept:
        parts = _parts(name, now, member)
        if "value" in parts and _too_long(member):
            left_out.append(f"{name}:{member.key}")
            # Under another key it is another address: without its value, its label and rank are not this member's.
            parts = tuple(p for p in parts if p != "value") if now.key == member.key else ()
        if parts and not now.id:
            left_out.append(f"{name}:{member.key}")
        elif parts:
            changes.append(Step(Act.CHANGE, now.id, _after(now, member, parts), parts))
    removals = [Step(Act.REMOVE, m.id, m) for m in gone]
    room = max(MOST_MEMBERS - len(current) + len(removals), 0)
    left_out += [f"{name}:{m.key}" for m in (*fitting[room:], *long)]
    additions = [
        Step(Act.ADD, "", replace(m, id=""), ("value", "label", *(["main"] if _made_main(name, m) else [])))
        for m in fitting[:room]
    ]
    return removals + changes + additions, list(dict.fromkeys(left_out))


def _paired(
    name: str, gone: list[Member], new: list[Member]
) -> tuple[list[tuple[Member, Member]], list[Member], list[Member]]:
    """Who takes over whose id: those of one label first, then in order. Also, who is left of either."""
    pairs: list[tuple[Member, Member]] = []
    gone, new = list(gone), list(new)
    for member in tuple(new):
        if found := next((m for m in gone if spoken(m.label, name) == member.label), None):
            pairs.append((found, member))
            gone.remove(found)
            new.remove(member)
    both = min(len(gone), len(new))
    pairs += zip(gone[:both], new[:both], strict=True)
    return pairs, gone[both:], new[both:]


def _parts(name: str, now: Member, member: Member) -> tuple[str, ...]:
    """Which parts of `now` are to be sent so that it becomes `member`."""
    differs = {
        "value": now.value != member.value,
        "label": spoken(now.label, name) != member.label,
        "main": _made_main(name, member) and not now.main,
    }
    return tuple(part for part, is_so in differs.items() if is_so)


def _made_main(name: str, member: Member) -> bool:
    return member.main and name in MAIN_IS_WRITTEN


def _after(now: Member, member: Member, parts: tuple[str, ...]) -> Member:
    """What `now` is once these parts of `member` were sent; what is not sent stays in the other side's own words."""
    return Member(
        member.key,
        member.value if "value" in parts else now.value,
        member.label if "label" in parts else now.label,
        now.main or "main" in parts,
        now.id,
    )


def _too_long(member: Member) -> bool:
    return any(len(part) > MOST_CHARACTERS for part in member.value)
