"""The `daybook` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daybook.config import home

SUBSCRIPTIONS = ("trial", "active", "ended")


@contextmanager
def product() -> Iterator[None]:
    """
    Load Django with a database behind it.

    Without DATABASE_URL that is our own server: the one a `run` has started, or one for as long as this lasts. Then
    the secrets in the data folder are used too, and the stand-ins of a demo that is running.
    """
    place, server = home.folder(), None
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybook.config.settings")
    if not os.environ.get("DATABASE_URL"):
        from daybook.config import postgres

        url = postgres.running_url(place)
        if url is None:
            server = postgres.start(place)
            url = server.url()
        else:
            _follow(home.last_run(place))
        os.environ["DATABASE_URL"] = url
        home.adopt(home.secrets_of(place, make=True))
        home.adopt({"LOG_FORMAT": "text"})
    else:
        home.adopt(home.secrets_of(place, make=False))
    try:
        import django

        django.setup()
        from daybook.config import guards

        guards.switch_on()
        yield
    finally:
        if server is not None:
            from django.db import connections

            connections.close_all()
            server.stop()


def _follow(run: dict[str, object]) -> None:
    """Take over what a run that is under way has told its own processes."""
    ports = run.get("ports")
    if isinstance(ports, dict):
        home.adopt({"PUBLIC_URL": str(run.get("url", ""))})
        if run.get("demo"):
            home.adopt(home.demo_environment(ports))


def run(options: argparse.Namespace) -> int:
    from daybook.config.run import run as start

    return start(demo=options.demo, port=options.port)


def web(options: argparse.Namespace) -> int:
    from daybook.config import prepare
    from daybook.config.serve import serve

    def first() -> None:
        prepare.migrate()
        if options.demo:
            prepare.demo(home.folder(), only_when_empty=True)

    with product():
        serve(
            host=options.host,
            port=options.port,
            workers=options.workers,
            threads=options.threads,
            first=first if options.migrate or options.demo else None,
        )
    return 0


def worker(options: argparse.Namespace) -> int:
    from daybook.jobs.app import run_worker

    with product():
        run_worker(concurrency=options.concurrency)
    return 0


def migrate(options: argparse.Namespace) -> int:
    from daybook.config import prepare

    with product():
        prepare.migrate()
        if options.demo:
            prepare.demo(home.folder(), only_when_empty=True)
    return 0


def demo(options: argparse.Namespace) -> int:
    from daybook.config import prepare

    with product():
        prepare.migrate()
        for line in prepare.demo(home.folder(), only_when_empty=not options.again):
            print(line)
    return 0


def check(options: argparse.Namespace) -> int:
    from daybook.config import checkup

    if options.settings:
        from daybook.config import documented

        print(documented.as_markdown() if options.markdown else documented.as_text(), end="")
        return 0
    with checkup.reporting_bad_settings(), product():
        return checkup.run()
    return 1


def create_firm(options: argparse.Namespace) -> int:
    from daybook.config import operator

    with product():
        return operator.create_firm(options)


def set_subscription(options: argparse.Namespace) -> int:
    from daybook.config import operator

    with product():
        return operator.set_subscription(options.firm, options.state)


def rotate_keys(_options: argparse.Namespace) -> int:
    from daybook.config import operator

    with product():
        return operator.rotate_keys()


def database(_options: argparse.Namespace) -> int:
    import signal

    from daybook.config import postgres

    server = postgres.start(home.folder())
    print(f"export DATABASE_URL='{server.url()}'", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    finally:
        server.stop()
    return 0


def manage(options: argparse.Namespace) -> int:
    with product():
        from django.core.management import execute_from_command_line

        execute_from_command_line(["daybook manage", *options.arguments])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "daybook", description="Appointment booking for law firms, joined to Clio."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        does: Callable[[argparse.Namespace], int], says: str, name: str = ""
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name or does.__name__.replace("_", "-"), help=says, description=says)
        made.set_defaults(does=does)
        return made

    it = command(run, "Everything for a laptop: database, web, worker and the demo. Ctrl-C stops it.")
    it.add_argument("--no-demo", dest="demo", action="store_false", help="the bare product, no stand-ins")
    it.add_argument("--port", type=int, help="the first port to try, instead of 8000")

    it = command(web, "Serve the pages.")
    it.add_argument("--host", default="127.0.0.1")
    it.add_argument("--port", type=int, default=8000)
    it.add_argument("--workers", type=int, default=2, help="processes; about one a core")
    it.add_argument("--threads", type=int, default=8, help="threads a process; each may hold a connection")

    it.add_argument("--migrate", action="store_true", help="bring the tables up to this version first")
    it.add_argument("--demo", action="store_true", help="and fill an empty database with the demo")

    it = command(worker, "Run the jobs. Ends, without an error, when the database goes: start it again.")
    it.add_argument("--concurrency", type=int, default=4, help="jobs at a time")

    it = command(migrate, "Bring the database's tables up to this version. Safe to run from many machines.")
    it.add_argument("--demo", action="store_true", help="fill an empty database with the demo afterwards")

    it = command(check, "Check settings, database, tables, keys and mail.")
    it.add_argument("--settings", action="store_true", help="list every setting instead")
    it.add_argument("--markdown", action="store_true", help="with --settings: as the page in docs/operate")

    it = command(create_firm, "Open a firm on trial with its first administrator.")
    it.add_argument("name", help="the firm's name")
    it.add_argument("email", help="the administrator's address; they set a password through it")
    it.add_argument("--person", default="", help="the administrator's name")
    it.add_argument("--time-zone", default="America/New_York")
    it.add_argument("--country", default="US")
    it.add_argument("--lawyer", action="store_true", help="the administrator is a lawyer too")

    it = command(set_subscription, "Switch a firm's subscription.")
    it.add_argument("firm", help="the firm's short name in its links")
    it.add_argument("state", choices=SUBSCRIPTIONS)

    it = command(demo, "Fill an empty database with the demo.")
    it.add_argument("--again", action="store_true", help="also when there is something in it")

    command(rotate_keys, "Write everything encrypted anew with the first of ENCRYPTION_KEYS.")
    command(database, "Run our own PostgreSQL in this terminal and print its address.")
    it = command(manage, "Django's own commands.")
    it.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    from daybook.config.postgres import CannotStart

    try:
        return int(options.does(options))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
