"""Accounts: how they are kept."""

from __future__ import annotations

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_the_projects_checks_have_nothing_to_say():
    call_command("check", fail_level="WARNING")
