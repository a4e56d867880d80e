"""Registers the room `firms` with Django."""

from django.apps import AppConfig


class FirmsConfig(AppConfig):
    name = "daybook.firms"
