"""Registers the room `messaging` with Django."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "daybook.messaging"
