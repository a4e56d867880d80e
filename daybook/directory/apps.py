"""Registers the room `directory` with Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "daybook.directory"
