"""Registers the room `sync` with Django."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "daybook.sync"
