"""Addresses that other systems post to."""

from __future__ import annotations

from django.urls import path

from daybook.web.webhooks import clio

urlpatterns = [path("hooks/clio/<slug:token>", clio.clio, name="clio_hook")]
