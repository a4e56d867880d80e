"""What can stop a sync: trouble at the other system, and trouble that only a person here can mend."""

from __future__ import annotations

from daybook.connectors.errors import RemoteTrouble, Retry

__all__ = ["NeedsPerson", "RemoteTrouble", "worth_repeating"]


class NeedsPerson(Exception):
    """Somebody in the firm has to do something first; `text` says what."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def worth_repeating(trouble: RemoteTrouble) -> bool:
    """Whether the same request can be expected to work another time."""
    return trouble.retry is not Retry.NEVER
