"""
A mailbox for the demo and the tests: takes any mail over SMTP and shows it on a page and as JSON.

    from sandbox.mail import start
    mail = start(smtp_port=0, http_port=0)
    mail.smtp_port, mail.url, mail.messages(to="dana@mail.example"), mail.clear(), mail.stop()
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.http import Server, serve
from sandbox.mail.box import Mailbox
from sandbox.mail.smtp import SmtpServer
from sandbox.mail.web import Application

__all__ = ["MailSandbox", "start"]


@dataclass
class MailSandbox:
    """A running mailbox."""

    box: Mailbox = field(repr=False)
    _smtp: SmtpServer = field(repr=False)
    _http: Server = field(repr=False)

    @property
    def smtp_port(self) -> int:
        return self._smtp.port

    @property
    def http_port(self) -> int:
        return self._http.port

    @property
    def url(self) -> str:
        """Address of the page, without a trailing slash."""
        return self._http.url

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """Received mails, newest first, as on `/_control/messages`."""
        return self.box.listed(to)

    def wait_for(self, count: int, to: str | None = None, timeout: float = 5.0) -> list[dict[str, Any]]:
        """`messages(to)` once there are at least `count`; raises TimeoutError when they do not come."""
        deadline = time.monotonic() + timeout
        while len(found := self.messages(to)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} mails after {timeout} seconds")
            time.sleep(0.01)
        return found

    def clear(self) -> None:
        self.box.clear()

    def stop(self) -> None:
        self._smtp.stop()
        self._http.stop()

    def __enter__(self) -> MailSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    smtp_port: int = 0, http_port: int = 0, *, host: str = "127.0.0.1", state: Path | None = None
) -> MailSandbox:
    """Start both servers in background threads; port 0 picks a free one. `state` keeps the mails over restarts."""
    box = Mailbox(state)
    return MailSandbox(
        box, SmtpServer(box, host, smtp_port), serve(Application(box), host=host, port=http_port)
    )
