"""Run the Google sandbox: ``python -m sandbox.google --port 8104 --seed demo --state FILE``."""

from __future__ import annotations

from sandbox.google import start
from sandbox.google.seed import SEEDS
from sandbox.running import add_application, command, serve_until_told


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = command("google", "Google Calendar", 8104, SEEDS)
    add_application(parser)
    serve_until_told(start, parser.parse_args(), "Google sandbox at {0.url}")


if __name__ == "__main__":
    main()
