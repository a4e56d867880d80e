"""Takes every mail it is offered, from anybody and for anybody."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from sandbox.mail.box import Mailbox


class _Handler:
    def __init__(self, box: Mailbox) -> None:
        self.box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self.box.add(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        return "250 Message accepted"


def _anybody(*_: Any) -> AuthResult:
    return AuthResult(success=True)


class SmtpServer:
    """An SMTP server with an event loop in a thread of its own."""

    def __init__(self, box: Mailbox, host: str, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="mail-smtp")
        self._thread.start()
        handler = _Handler(box)

        def session() -> SMTP:
            return SMTP(
                handler,
                hostname="sandbox",
                enable_SMTPUTF8=True,
                authenticator=_anybody,
                auth_require_tls=False,
                loop=self._loop,
            )

        async def listen() -> asyncio.Server:
            return await self._loop.create_server(session, host, port)

        try:
            self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)
        except BaseException:
            self._end()
            raise
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
