"""The mailbox: everything Daybook sent, over real SMTP."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Any]:
    """Start `sandbox.mail` and send all mail there."""
    running = importlib.import_module("sandbox.mail").start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.smtp_port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield running
    finally:
        running.stop()
