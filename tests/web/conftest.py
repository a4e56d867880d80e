"""The cast, for tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    from django.utils import timezone

    from tests.cast import hart_and_vale  # models cannot be imported before Django is set up

    return hart_and_vale(timezone.now())


@pytest.fixture
def other(db: None) -> Cast:
    """Carol, of another firm: she must see nothing."""
    from django.utils import timezone

    from tests.cast import marsh

    return marsh(timezone.now())
