"""Connectors log as if nothing had been logged before."""

from __future__ import annotations

import pytest
import structlog

from daybook.connectors import http


@pytest.fixture(autouse=True)
def _fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger keeps the settings of its first use, and `capture_logs` bends those of now: other tests change them."""
    monkeypatch.setattr(http, "log", structlog.get_logger("daybook.connectors"))
