"""Schedules: steps drawn by chance, which can be done again and made smaller."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.flows import mirror_steps as may
from tests.flows.mirror_machine import Machine

#: What may happen, and how often in comparison.
STEPS: dict[str, tuple[Callable[[Machine, int, int, int], None], int]] = {
    one.__name__: (one, weight)
    for one, weight in (
        (may.o_text, 5),
        (may.o_add, 4),
        (may.o_change, 6),
        (may.o_create, 5),
        (may.o_crowd, 1),
        (may.t_crowd, 1),
        (may.o_remove, 1),
        (may.o_merge, 1),
        (may.o_part, 1),
        (may.o_unlink, 1),
        (may.o_relink, 1),
        (may.book, 2),
        (may.t_text, 5),
        (may.t_add, 4),
        (may.t_change, 6),
        (may.t_create, 5),
        (may.t_delete, 1),
        (may.t_merge, 1),
        (may.t_hide, 1),
        (may.fault, 5),
        (may.clock, 2),
        (may.work, 6),
        (may.tick, 5),
        (may.killed, 5),
        (may.deliver, 3),
        (may.answered, 3),
    )
}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    a: int
    b: int
    c: int

    def do(self, m: Machine) -> None:
        STEPS[self.name][0](m, self.a, self.b, self.c)

    def __str__(self) -> str:
        return f"Step({self.name!r}, {self.a}, {self.b}, {self.c})"


def drawn(chance: random.Random) -> tuple[Step, ...]:
    """A schedule: 8 to 20 steps, with a quiet time ("quiet") at the end and perhaps in between."""
    names, weights = list(STEPS), [weight for _, weight in STEPS.values()]
    starting = [
        Step(chance.choice(("o_create", "t_create")), *(chance.randrange(1000) for _ in range(3)))
        for _ in range(chance.randrange(4))
    ]
    steps = [
        Step(name, *(chance.randrange(1000) for _ in range(3)))
        for name in chance.choices(names, weights, k=chance.randint(8, 20))
    ]
    if starting and chance.random() < 0.7:
        starting.append(QUIET)
    return (*starting, *steps)


#: Everything that is to happen happens, and both books must agree.
QUIET = Step("quiet", 0, 0, 0)


def smaller(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> tuple[Step, ...]:
    """A schedule of fewer steps that fails still."""
    steps, size = tuple(steps), max(len(steps) // 2, 1)
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if fewer and fails(fewer):
                steps = fewer
            else:
                at += size
        if size == 1:
            return steps
        size //= 2
