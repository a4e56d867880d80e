"""Registers the room `firms` with Django."""

from django.apps import AppConfig


class FirmsConfig(AppConfig):
    name = "daybook.firms"

    def ready(self) -> None:
        # A table that keeps itself to its own module.
        from daybook.firms import throttle  # noqa: F401
