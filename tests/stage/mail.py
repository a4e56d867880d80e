"""The mailbox: everything Daybook sent, over real SMTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.mail import MailSandbox


@pytest.fixture
def mailbox(settings: Any) -> Iterator[MailSandbox]:
    """Start `sandbox.mail` and send all mail there: `mailbox.messages(to=…)`, `mailbox.wait_for(1, to=…)`."""
    from sandbox.mail import start

    mail = start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.smtp_port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield mail
    finally:
        mail.stop()
