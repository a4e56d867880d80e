"""Where a database of ours is kept, who owns it, and where its socket is."""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A Unix socket's path has 108 bytes with the closing zero; `.s.PGSQL.5432.lock` is added to the folder's.
SOCKET_FOLDER_BYTES = 107 - len("/.s.PGSQL.5432.lock")
#: PostgreSQL refuses to run as root. Any of these exists on every Linux and macOS.
ACCOUNTS = ("postgres", "nobody", "daemon")
#: Outside root's home, which others cannot enter and which we must not open.
OUTSIDE_HOME = ("/var/lib", "/usr/local/var", "/var/tmp")  # noqa: S108


class CannotStart(Exception):
    """The database cannot run here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The account the server runs as; `drops` when that is not ours."""

    uid: int
    gid: int
    drops: bool

    def popen(self) -> dict[str, Any]:
        """Arguments for Popen that make the process this account's."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drops else {}

    def give(self, path: Path) -> None:
        if self.drops:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may read `path` and pass every folder above it."""
        for step in (path, *path.parents):
            facts = step.stat()
            bits = 0o5 if step == path else 0o1
            if facts.st_uid == self.uid:
                bits <<= 6
            elif facts.st_gid == self.gid:
                bits <<= 3
            if facts.st_mode & bits != bits:
                return False
        return True


def owner() -> Owner:
    """Name the account for the server: ours, or another one when we are root."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), drops=False)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, drops=True)
    raise CannotStart("PostgreSQL does not run as root, and there is no other account. Set DATABASE_URL.")


def private_folder(path: Path, who: Owner) -> Path:
    """Make `path` a folder only `who` (and root) can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid not in (os.geteuid(), who.uid):
        raise CannotStart(f"{path} belongs to somebody else.")
    who.give(path)
    path.chmod(0o700)
    return path


def lasting(home: Path, who: Owner) -> Path:
    """
    Find or make the folder that keeps the data of `home`.

    Inside `home`, unless the server runs as another account: then outside, tied to `home` by a random name kept in it,
    so that a fresh checkout at an old path never meets the old data.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not who.drops:
        return private_folder(home / "postgres", who)
    note = home / "postgres-folder"
    if note.exists():
        return private_folder(Path(note.read_text().strip()), who)
    parent = next((p for p in OUTSIDE_HOME if os.access(p, os.W_OK) and who.can_reach(Path(p))), None)
    if parent is None:
        raise CannotStart("No folder outside the home for PostgreSQL's data. Set DATABASE_URL.")
    place = private_folder(Path(parent) / f"daybook-{secrets.token_hex(6)}", who)
    (place / "belongs-to").write_text(f"{home}\n")
    note.write_text(f"{place}\n")
    return place


def scratch(who: Owner) -> tuple[Path, Lock]:
    """
    Make a folder for a server that is thrown away, and lock it, after removing those whose makers were killed.

    One process at a time does this: a folder that is made but not yet locked looks like a dead one.
    """
    top = Path("/tmp")  # noqa: S108  # $TMPDIR can be too long for a socket, or closed to `who`
    prefix = f"daybook-test-{os.geteuid()}-"
    gate = os.open(top / f"{prefix}gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        for old in top.glob(f"{prefix}*"):
            with suppress(OSError):  # its owner may be removing it at this moment
                _remove_if_dead(old, who)
        place = private_folder(Path(tempfile.mkdtemp(prefix=prefix, dir=top)), who)
        lock = Lock(place)
        if not lock.take():
            raise CannotStart(f"{place} is locked.")
        return place, lock
    finally:
        os.close(gate)


def _remove_if_dead(old: Path, who: Owner) -> None:
    if old.is_symlink() or not old.is_dir() or old.stat().st_uid not in (os.geteuid(), who.uid):
        return
    lock = Lock(old)
    if lock.take():
        from daybook.config.postgres.leftovers import clear

        clear(old / "data")
        shutil.rmtree(old, ignore_errors=True)
        lock.release()


def socket_folder(place: Path, who: Owner) -> Path:
    """Make the folder for the socket: inside `place`, or a short private one when that path is too long."""
    inside = place / "run"
    if len(os.fsencode(inside)) <= SOCKET_FOLDER_BYTES:
        return private_folder(inside, who)
    note = place / "socket-folder"
    if note.exists():
        known = Path(note.read_text().strip())
        if known.is_dir():
            return private_folder(known, who)
    short = private_folder(Path(tempfile.mkdtemp(prefix="daybook-", dir="/tmp")), who)
    note.write_text(f"{short}\n")
    return short


class Lock:
    """Held by the process that runs the server of a place; the kernel lets go of it when that process ends."""

    def __init__(self, place: Path) -> None:
        self.path = place / "lock"
        self._file: int | None = None

    def take(self) -> bool:
        """Try to take the lock. Returns False when another process holds it."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
