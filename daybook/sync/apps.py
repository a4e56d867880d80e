"""Registers the room `sync` with Django, and names it as the reader of calendars."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "daybook.sync"

    def ready(self) -> None:
        from daybook.calendars import reading
        from daybook.sync import calendars

        reading.read_with(calendars.read)
