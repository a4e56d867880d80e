"""The mails received: kept raw, read apart when looked at."""

from __future__ import annotations

import base64
import email
import json
import os
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from pathlib import Path
from typing import Any, cast

#: The oldest mails make room.
MOST = 2_000


@dataclass(frozen=True)
class Mail:
    """One mail as it came in; `sender` and `recipients` are the envelope's."""

    id: int
    received_at: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def parsed(self) -> EmailMessage:
        return cast(EmailMessage, email.message_from_bytes(self.raw, policy=default))

    def is_to(self, address: str) -> bool:
        """Whether `address` is a recipient, in the envelope or in To, Cc, without regard to case."""
        message = self.parsed()
        named = getaddresses([str(v) for name in ("To", "Cc") for v in message.get_all(name, [])])
        wanted = address.casefold()
        return wanted in {r.casefold() for r in self.recipients} | {a.casefold() for _, a in named}


class Mailbox:
    """All mails, newest first, safe to use from several threads; with `state`, kept in a file."""

    def __init__(self, state: Path | None = None) -> None:
        self._mails: list[Mail] = []
        self._next = 1
        self._state = state
        self._lock = threading.Lock()
        if state is not None and state.exists():
            self._load(state)

    def add(self, sender: str, recipients: list[str], raw: bytes) -> Mail:
        with self._lock:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            mail = Mail(self._next, now, sender, tuple(recipients), raw)
            self._next += 1
            self._mails.append(mail)
            del self._mails[:-MOST]
            self._save()
            return mail

    def all(self, to: str | None = None) -> list[Mail]:
        with self._lock:
            found = self._mails[::-1]
        return [mail for mail in found if mail.is_to(to)] if to else found

    def get(self, mail_id: int) -> Mail | None:
        return next((mail for mail in self.all() if mail.id == mail_id), None)

    def listed(self, to: str | None = None) -> list[dict[str, Any]]:
        return [as_json(mail) for mail in self.all(to)]

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()
            self._save()

    def _load(self, path: Path) -> None:
        kept = json.loads(path.read_text("utf-8"))
        self._next = kept["next"]
        for one in kept["mails"]:
            raw = base64.b64decode(one["raw"])
            self._mails.append(Mail(one["id"], one["at"], one["from"], tuple(one["to"]), raw))

    def _save(self) -> None:
        """Write beside the file and rename, so that a crash never leaves half of it."""
        if self._state is None:
            return
        mails = [
            {
                "id": m.id,
                "at": m.received_at,
                "from": m.sender,
                "to": m.recipients,
                "raw": base64.b64encode(m.raw).decode(),
            }
            for m in self._mails
        ]
        self._state.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._state.parent, prefix=self._state.name, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"next": self._next, "mails": mails}, file)
        Path(name).replace(self._state)


def body_of(message: EmailMessage, kind: str) -> str | None:
    """The text or html alternative, or None; in an unknown charset as well as can be."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return cast(str, part.get_content())
    except LookupError:
        return content_of(cast(EmailMessage, part)).decode("utf-8", "replace")


def attachments_of(message: EmailMessage) -> list[EmailMessage]:
    """
    Everything but the two readable bodies, in order of appearance.

    A calendar invitation is often an alternative beside text and html, not an attachment: it is listed too.
    """
    bodies = {id(part) for kind in ("plain", "html") if (part := message.get_body(preferencelist=(kind,)))}
    return [
        cast(EmailMessage, part)
        for part in message.walk()
        if not part.is_multipart() and id(part) not in bodies
    ]


def content_of(part: EmailMessage) -> bytes:
    return cast(bytes, part.get_payload(decode=True) or b"")


def name_of(part: EmailMessage, n: int) -> str:
    ending = {"text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html"}.get(
        part.get_content_type(), ""
    )
    return part.get_filename() or f"part-{n}{ending}"


def as_json(mail: Mail) -> dict[str, Any]:
    """A mail as JSON values; attachments of a text kind come with their `text`."""
    message = mail.parsed()
    attachments = []
    for n, part in enumerate(attachments_of(message)):
        kind, content = part.get_content_type(), content_of(part)
        text = (
            content.decode(part.get_content_charset() or "utf-8", "replace")
            if kind.startswith("text/")
            else None
        )
        attachments.append(
            {"n": n, "filename": name_of(part, n), "content_type": kind, "size": len(content), "text": text}
        )
    return {
        "id": mail.id,
        "received_at": mail.received_at,
        "from": str(message.get("From", mail.sender)),
        "to": list(mail.recipients),
        "subject": str(message.get("Subject", "")),
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": body_of(message, "plain"),
        "html": body_of(message, "html"),
        "attachments": attachments,
    }
