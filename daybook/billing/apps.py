"""Registers the room `billing` with Django."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "daybook.billing"
