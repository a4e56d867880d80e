"""Everything awkward into every field of every page. No figures but a proof. Run: python -m bench.fuzz [share]"""

from __future__ import annotations

import os
import sys


def main(share: int = 1) -> int:
    """Each field meets one in `share` of the awkward values; 1 if a page breaks."""
    import pytest

    os.environ["NASTY_SHARE"] = str(share)
    options = ["-q", "--tb=short", "--show-capture=no", "-o", "timeout=7200"]
    return int(pytest.main([*options, "tests/web/test_nasty_input.py"]))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
