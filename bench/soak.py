"""
Two-way contact sync under everything that can happen, for a long time. Run: python -m bench.soak [schedules] [seed]

Each schedule is drawn from its seed: people edit, add, merge and remove contacts in both books, the line fails, workers are
switched off, clocks jump. At the end of each both books must agree, with nothing lost, doubled or deleted. Of one that fails
the seed and the smallest schedule that still fails are printed.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter

MANY = 1000
FIRST = 10_000


def main(many: int = MANY, first: int = FIRST) -> int:
    """Run `many` schedules from seed `first` on; 1 if one of them fails."""
    import pytest

    os.environ.update(MIRROR_SCHEDULES=str(many), MIRROR_SEED=str(first))
    begun = perf_counter()
    failed = pytest.main(
        ["-q", "--tb=short", "--show-capture=no", "-p", "no:logging", "tests/flows/test_mirror_machine.py"]
    )
    took = perf_counter() - begun
    print(f"{many} schedules from seed {first}: {took:.0f} s, {took / many:.2f} s each, starting included")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
