"""`daybook run`, whole: a page, kill -9 of everything, a page again with what was kept, and a quick end."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.house.tree import ROOT


def _environment(home: Path) -> dict[str, str]:
    ours = (
        "DATABASE_URL",
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "ALLOWED_HOSTS",
        "DJANGO_SETTINGS_MODULE",
        "LOG_FORMAT",
    )
    return {k: v for k, v in os.environ.items() if k not in ours} | {"DAYBOOK_HOME": str(home)}


def _start(home: Path) -> tuple[subprocess.Popen[str], str]:
    run = subprocess.Popen(
        [sys.executable, "-m", "daybook.config.cli", "run", "--no-demo", "--port", "8700"],
        cwd=ROOT,
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout
    said = ""
    for line in run.stdout:
        said += line
        if line.startswith("Started in"):
            break
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address, said
    return run, address[0]


def _status(address: str, path: str = "/") -> int:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


def _gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    until = time.monotonic() + seconds
    left = processes
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = [p for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    return left


@pytest.mark.timeout(180)
def test_a_run_serves_survives_being_killed_and_ends_when_told(tmp_path: Path):
    home = tmp_path / "home"
    try:
        run, address = _start(home)
        assert _status(address) == 200
        secrets = (home / "secrets.json").read_text()
        family = psutil.Process(run.pid).children(recursive=True)
        assert len(family) >= 4, "the database, the web server and its two workers at least"
        run.kill()
        run.wait()
        assert not _gone(family, 15), "something outlived the run that was killed"

        run, address = _start(home)
        assert _status(address) == 200
        assert (home / "secrets.json").read_text() == secrets
        migrated = subprocess.run(
            [sys.executable, "-m", "daybook.config.cli", "check"], cwd=ROOT, env=_environment(home),
            capture_output=True, text=True,
        )  # fmt: skip
        assert "all migrations applied" in migrated.stdout, migrated.stdout + migrated.stderr
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        assert run.wait(20) == 0
        assert not _gone(family, 5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            run.kill()
        note = home / "postgres-folder"
        if note.exists():
            shutil.rmtree(note.read_text().strip(), ignore_errors=True)
