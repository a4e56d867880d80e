"""Run the mail sandbox: ``python -m sandbox.mail --smtp-port 8102 --http-port 8103``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from sandbox.mail import start


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.mail", description="A mailbox that takes everything."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=8102, help="0 picks a free one")
    parser.add_argument("--http-port", type=int, default=8103, help="0 picks a free one")
    parser.add_argument("--state", type=Path, default=None, help="a file that keeps the mails over restarts")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sandbox = start(options.smtp_port, options.http_port, host=options.host, state=options.state)
    print(f"Mail sandbox: SMTP at {options.host}:{sandbox.smtp_port}, page at {sandbox.url}", flush=True)
    while not stop.wait(1):
        pass
    sandbox.stop()


if __name__ == "__main__":
    main()
