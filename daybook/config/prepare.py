"""Make a database ready: its tables, and the demo in an empty one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

#: Any number that is only ours: two machines starting at once take turns.
_MIGRATION_LOCK = 4_107_223


def migrate() -> None:
    """Apply what is missing. Many machines may do so at the same time."""
    from django.core.management import call_command
    from django.db import connection

    from daybook.config.health import migrated

    if migrated():  # a second saved on every start
        return
    with connection.cursor() as cursor:
        # The settings' limits are for requests; a migration may take its time.
        cursor.execute("SET lock_timeout = '60s'; SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            # Before the migrations: once those are done, nothing of this is done again.
            call_command("createcachetable", verbosity=0)
            call_command("migrate", interactive=False, verbosity=1)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    connection.close()


def demo(place: Path, *, only_when_empty: bool) -> list[str]:
    """
    Fill in the demo and keep its sign-ins beside the data, for the terminal. Returns a line for each.

    `daybook/config/demo.py: fill(now=…)` returns pairs or longer rows of text: who, address, password.
    """
    from django.utils import timezone

    from daybook.firms.models import Firm

    if only_when_empty and Firm.objects.exists():
        return []
    if importlib.util.find_spec("daybook.config.demo") is None:
        return []
    filler: Any = importlib.import_module("daybook.config.demo")
    sign_ins = [[str(part) for part in row] for row in filler.fill(now=timezone.now()) or ()]
    (place / "demo.json").write_text(json.dumps({"sign_ins": sign_ins}, indent=1))
    return ["  ".join(row) for row in sign_ins]
