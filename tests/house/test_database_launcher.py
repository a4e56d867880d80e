"""Our own PostgreSQL: private, quick, and never left behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from daybook.config import postgres
from daybook.config.env import _database
from daybook.config.postgres import leftovers
from daybook.config.postgres.place import SOCKET_FOLDER_BYTES, Lock, Owner, lasting, owner, socket_folder
from tests.house.tree import ROOT


@pytest.fixture
def home(tmp_path: Path):
    """A data folder as a laptop has it, closed to everybody else; what was made outside it is removed afterwards."""
    path = tmp_path / "home" / ".daybook"
    path.mkdir(parents=True)
    path.parent.chmod(0o700)
    yield path
    note = path / "postgres-folder"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)


def _connect(server: postgres.Server, password: str | None = None) -> psycopg.Connection:
    return psycopg.connect(
        host=str(server.socket),
        user="daybook",
        dbname="daybook",
        password=password or server.password,
        autocommit=True,
    )


def _remember(server: postgres.Server) -> None:
    with _connect(server) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")


def _remembered(server: postgres.Server) -> int:
    with _connect(server) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row
        return int(row[0])


def _kill_and_leave(home: Path, victims: str) -> int:
    """Start a server in another process and kill that process, the server's master, or both, with -9."""
    source = f"""
import os, signal, sys
from pathlib import Path
from daybook.config import postgres
server = postgres.start(Path({str(home)!r}))
print(server.process.pid, flush=True)
sys.stdin.readline()
"""
    runner = subprocess.Popen(
        [sys.executable, "-c", source], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert runner.stdout
    master = int(runner.stdout.readline())
    if victims in {"master", "both"}:
        os.kill(master, signal.SIGKILL)
    if victims in {"runner", "both"}:
        runner.kill()
    else:
        runner.communicate("\n")
    runner.wait()
    return master


def test_the_socket_is_private_and_wants_a_password(home: Path):
    server = postgres.start(home)
    try:
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE((server.place / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((server.place / "data").stat().st_mode) == 0o700
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            _connect(server, password="guessed")
        with _connect(server) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        server.stop()


def test_the_home_stays_closed(home: Path):
    before = stat.S_IMODE(home.parent.stat().st_mode)
    postgres.start(home).stop()
    assert stat.S_IMODE(home.parent.stat().st_mode) == before == 0o700


def test_a_second_start_finds_the_data_and_says_where_the_first_one_is(home: Path):
    first = postgres.start(home)
    _remember(first)
    with pytest.raises(postgres.CannotStart, match="another process"):
        postgres.start(home)
    assert postgres.running_url(home) == first.url()
    first.stop()
    assert postgres.running_url(home) is None
    began = time.monotonic()
    again = postgres.start(home)
    assert time.monotonic() - began < 5, (
        "a restart takes a tenth of a second; this machine may be busy, but not so busy"
    )
    assert _remembered(again) == 1
    again.stop()


def _works(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("victims", ["runner", "master", "both"])
def test_whatever_is_killed_the_next_start_has_the_data_and_nothing_is_left_over(home: Path, victims: str):
    server = postgres.start(home)
    _remember(server)
    server.stop()
    master = _kill_and_leave(home, victims)
    server = postgres.start(home)
    try:
        assert _remembered(server) == 1
        assert not _works(master)
        # Looked at twice: a server has children that come and go, and one that went in between is no leftover.
        before = {p.pid for p in leftovers.servers_of(server.place / "data")}
        family = {
            server.process.pid,
            *(c.pid for c in psutil.Process(server.process.pid).children(recursive=True)),
        }
        after = {p.pid for p in leftovers.servers_of(server.place / "data")}
        assert before & after <= family
    finally:
        server.stop()


def test_an_orphan_that_ends_while_it_is_looked_at_is_no_obstacle(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    orphan = psutil.Process(gone.pid)
    gone.wait()
    seen = iter([[orphan]])
    monkeypatch.setattr(leftovers, "servers_of", lambda data: next(seen, []))
    leftovers.clear(home)


def test_a_pid_file_that_names_a_stranger_is_no_obstacle_and_the_stranger_lives(home: Path):
    server = postgres.start(home)
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (server.place / "data" / "postmaster.pid").write_text(
            f"{stranger.pid}\n{server.place}/data\n0\n5432\n"
        )
        postgres.start(home).stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_attempt_that_was_killed_in_the_middle_is_thrown_away(home: Path):
    place = lasting(home, owner())
    (place / "data.new").mkdir()
    (place / "data.new" / "half").write_text("")
    server = postgres.start(home)
    server.stop()
    assert not (server.place / "data.new").exists()


def test_a_throwaway_server_disappears_and_so_do_those_whose_makers_were_killed():
    source = """
from daybook.config import postgres
import os, signal
server = postgres.throwaway()
print(server.place, server.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True)
    place, master = Path(done.stdout.split()[0]), int(done.stdout.split()[1])
    server = postgres.throwaway()
    assert not place.exists(), "the next one cleans up"
    assert not psutil.pid_exists(master) or psutil.Process(master).status() == psutil.STATUS_ZOMBIE
    server.stop()
    assert not server.place.exists()
    assert server.process.returncode is not None


def test_a_long_home_gets_a_short_private_folder_for_the_socket(tmp_path: Path):
    who = owner()
    place = tmp_path / ("x" * 120)
    place.mkdir()
    folder = socket_folder(place, who)
    try:
        assert len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert socket_folder(place, who) == folder, "the same one the next time"
    finally:
        shutil.rmtree(folder)


def test_only_one_process_holds_a_place(tmp_path: Path):
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_what_another_account_can_reach_is_told_from_the_folders_above(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "program").touch(mode=0o755)
    stranger = Owner(uid=54321, gid=54321, drops=True)
    assert not stranger.can_reach(closed / "program")
    assert Owner(os.geteuid(), os.getegid(), drops=False).can_reach(Path("/usr/bin/env"))


def test_the_address_of_a_socket_keeps_its_capital_letters():
    config = _database("postgres://daybook:word@%2FVar%2FMy%20Place%2Frun:5432/daybook")
    assert config["HOST"] == "/Var/My Place/run"
    assert config["PORT"] == 5432


def test_many_throwaway_servers_may_be_reserved_at_once():
    source = "from daybook.config.postgres import Reservation; r = Reservation(); assert r.place.is_dir(); r.cancel()"
    runs = [subprocess.Popen([sys.executable, "-c", source], cwd=ROOT) for _ in range(6)]
    assert [run.wait() for run in runs] == [0] * 6
