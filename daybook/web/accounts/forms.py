"""Forms of signing up."""

from django import forms


class FirmSignUpForm(forms.Form):
    """Opens a firm with its first administrator."""

    def signup(self, request: object, user: object) -> None:
        """Called by allauth once the user exists."""
