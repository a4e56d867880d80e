"""Cards to test with, and the way Clio treats what is sent to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from daybook.core.cards import SETS, TEXTS, Card, Member, tidy
from daybook.core.changes import MAIN_IS_WRITTEN, Act, Step, Writes, spoken

#: Few, so that sides agree by chance; "dana" and "Dána" read alike, signs and other scripts are there.
SOME_TEXTS = ("", "Dana", "Dána ", "Roe", "🙂", "🎉", "דנה", "O’Roe")
SOME_LABELS = ("", "Work", "work", "Home", "Other", "Assistant", "Mobile", "الهاتف")
SOME_KEYS = ("a", "b", "c", "🙂")


#: For the laws of whole cards: the time of a single case is the machine's affair.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def email(name: str, *, label: str = "", main: bool = False, id: str = "") -> Member:
    """An email address of somebody at x.example."""
    return Member(f"{name}@x.example", (f"{name}@x.example",), label, main, id)


#: A key, one of two spellings, a label. One draw for each member: cards are drawn by the thousand.
_DRAWN = [
    (key, value, label) for key in SOME_KEYS for value in (key, f"{key.upper()}!") for label in SOME_LABELS
]


@st.composite
def members(draw: st.DrawFn, *, parts: int = 1, prefix: str = "", most: int = 5) -> tuple[Member, ...]:
    main = draw(st.integers(-1, most - 1))  # Clio has one main member or, in old contacts, none
    return tuple(
        Member(key, (value, *[""] * (parts - 1)), label, at == main, f"{prefix}{at}" if prefix else "")
        for at, (key, value, label) in enumerate(draw(st.lists(st.sampled_from(_DRAWN), max_size=most)))
    )


@st.composite
def cards(draw: st.DrawFn, *, prefix: str = "t") -> Card:
    """Any card: twins, empty ones and companies too. Its members have ids that begin with `prefix`."""
    texts = {name: draw(st.sampled_from(SOME_TEXTS)) for name in TEXTS}
    kind = draw(st.sampled_from(("person", "person", "person", "company")))
    return Card(
        kind,
        **texts,
        emails=draw(members(prefix=prefix)),
        phones=draw(members(prefix=prefix, most=2)),
        addresses=draw(members(parts=5, prefix=prefix, most=2)),
    )


def told(card: Card) -> tuple[object, ...]:
    """What a card says, whatever its order."""
    texts = tuple(getattr(card, name) for name in ("kind", *TEXTS))
    return (*texts, *(frozenset((m.key, m.value, m.label, m.main) for m in getattr(card, s)) for s in SETS))


def heard(card: Card) -> tuple[object, ...]:
    """What Clio would hold if it were told this, but for which postal address is the main one: that is its own."""
    sets = {
        name: tuple(
            replace(m, label=spoken(m.label, name), main=m.main and name in MAIN_IS_WRITTEN)
            for m in tidy(getattr(card, name))
        )
        for name in SETS
    }
    return told(replace(card, **sets))


def sent(card: Card, writes: Writes) -> Card:
    """
    What Clio holds once `writes` was sent: an item with an id is a change, one without an addition, whoever becomes the
    main one ends that for the others, and labels it does not take become "Other".
    """
    sets = {name: _after(name, getattr(card, name), steps) for name, steps in writes.steps.items()}
    return replace(card, **writes.texts, **sets)


def _after(name: str, members: tuple[Member, ...], steps: tuple[Step, ...]) -> tuple[Member, ...]:
    held = {m.id: m for m in members}
    assert "" not in held, "Clio names what it holds"
    new_ids = (f"new{n}" for n in count() if f"new{n}" not in held)
    for step in steps:
        if step.act is Act.REMOVE:
            del held[step.id]
            continue
        if step.act is Act.ADD:
            id, member = next(new_ids), Member(step.member.key, step.member.value)
        else:
            id, member = step.id, held[step.id]
        if "value" in step.parts:
            member = replace(member, key=step.member.key, value=step.member.value)
        if "label" in step.parts:
            member = replace(member, label=spoken(step.member.label, name))
        if "main" in step.parts:
            assert name in MAIN_IS_WRITTEN, "Clio has no word for it"
            held = {other: replace(m, main=False) for other, m in held.items()}
            member = replace(member, main=True)
        held[id] = replace(member, id=id)
        assert len(held) <= max(20, len(members)), "Clio answers 422"
    if held and not any(m.main for m in held.values()):
        first = next(iter(held))
        held[first] = replace(held[first], main=True)
    return tuple(held.values())
