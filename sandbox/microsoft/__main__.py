"""Run the Microsoft sandbox: ``python -m sandbox.microsoft --port 8105 --seed demo --state FILE``."""

from __future__ import annotations

from sandbox.microsoft import start
from sandbox.microsoft.seed import SEEDS
from sandbox.running import add_application, command, serve_until_told


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = command("microsoft", "Microsoft Graph calendars", 8105, SEEDS)
    add_application(parser)
    serve_until_told(start, parser.parse_args(), "Microsoft sandbox at {0.url}")


if __name__ == "__main__":
    main()
