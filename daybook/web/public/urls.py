"""Addresses of the public side: booking, and what the links in a confirmation lead to."""

from __future__ import annotations

from django.urls import path

from daybook.web.public import places

urlpatterns = [
    path("", places.landing, name="landing"),
    path("book/<slug:firm_slug>/", places.firm, name="public_firm"),
    path("book/<slug:firm_slug>/<slug:lawyer_slug>/", places.lawyer, name="public_lawyer"),
]
