"""Registers the room `appointments` with Django."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "daybook.appointments"
