"""Trouble that waiting does not mend and that is not the other system's doing."""

from __future__ import annotations


class NeedsPerson(Exception):
    """Somebody in the firm has to do something first; `text` says what."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)
