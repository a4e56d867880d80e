"""Addresses that other systems post to."""

from __future__ import annotations

from django.urls import path

from daybook.web.webhooks import clio, google, microsoft, stripe

urlpatterns = [
    path("hooks/clio/<slug:token>", clio.clio, name="clio_hook"),
    path("hooks/google/<slug:token>", google.google, name="google_hook"),
    path("hooks/microsoft/<slug:token>", microsoft.microsoft, name="microsoft_hook"),
    path("hooks/stripe", stripe.stripe, name="stripe_hook"),
]
