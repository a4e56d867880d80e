"""Registers the room `contacts` with Django."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "daybook.contacts"
