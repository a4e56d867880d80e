"""A text column that is unreadable in the database: Fernet, with keys that can be rotated."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> str:
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """Raises cryptography's InvalidToken when none of the keys fits."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode() if sealed else ""


class EncryptedText(models.TextField):
    """Plain in Python, encrypted at rest. Cannot be searched, and should not be logged."""

    def from_db_value(self, value: str | None, *args: object) -> str | None:
        return unseal(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return seal(value) if value else value
