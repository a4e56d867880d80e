"""Whatever people, the line and the workers do: in the end both books agree, and nothing is lost or doubled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox

#: Schedules in the suite; `python -m bench.soak` runs more of them, with other seeds.
SCHEDULES = int(os.environ.get("MIRROR_SCHEDULES", "100"))
FIRST = int(os.environ.get("MIRROR_SEED", "1"))
AT_ONCE = 10


@pytest.mark.timeout(600)
@pytest.mark.clio(seed="bare")
@pytest.mark.parametrize("first", range(FIRST, FIRST + SCHEDULES, AT_ONCE))
def test_in_the_end_both_books_agree(db: None, clio: Sandbox, first: int) -> None:
    from tests.flows.mirror_laws import run
    from tests.flows.office import Office

    office = Office(clio)
    found = [run(office, seed) for seed in range(first, min(first + AT_ONCE, FIRST + SCHEDULES))]
    assert not any(found), "\n\n".join(filter(None, found))
