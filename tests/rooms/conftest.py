"""The cast, for tests of the rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.cast import NOW, hart_and_vale  # models cannot be imported before Django is set up

    return hart_and_vale(NOW)


@pytest.fixture
def other(db: None) -> Cast:
    """Carol, of another firm: she must see nothing."""
    from tests.cast import NOW, marsh

    return marsh(NOW)
