"""Registers the room `calendars` with Django."""

from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "daybook.calendars"
