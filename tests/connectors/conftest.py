"""Connectors log as if nothing had been logged before."""

from __future__ import annotations

import pytest
import structlog

from daybook.connectors import http

# Suites that several files of tests share: what fails in them is explained as in a test's own file.
pytest.register_assert_rewrite(
    *(f"tests.connectors.calendar_{part}" for part in ("rig", "reading", "writing", "oracle"))
)


@pytest.fixture(autouse=True)
def _fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger keeps the settings of its first use, and `capture_logs` bends those of now: other tests change them."""
    monkeypatch.setattr(http, "log", structlog.get_logger("daybook.connectors"))
