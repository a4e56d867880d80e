"""Where sign-in differs from allauth's own."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Mails come from us and speak of the firm."""
