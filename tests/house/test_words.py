"""What must not stand in any file: where packages come from, and where somebody's checkout happens to lie."""

import re

from tests.house.tree import ROOT, tracked

# Written in pieces, so that this file may itself be looked at.
REGISTRIES = [
    "py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "crates" + ".io",
    "proxy.golang" + ".org", "unpkg" + ".com", "jsdelivr" + ".net", "cdn" + "js.com", "--index" + "-url",
]  # fmt: skip
MACHINE = re.compile(r"(?<![\w.])(/" + r"root/|/" + r"home/\w|/" + r"Users/\w|/" + r"work/\w|/tmp/" + r"tmp)")
BINARY = {".png", ".ico", ".woff2", ".woff", ".gz", ".jpg", ".gif"}
#: Other people's files, kept as they are.
VENDORED = ("vendor", "LICENSES")


def _texts():
    for path in tracked():
        inside = path.relative_to(ROOT)
        if path.suffix in BINARY or any(part in VENDORED for part in inside.parts):
            continue
        yield str(inside), path.read_text(errors="replace")


def test_no_file_names_a_package_registry():
    found = [f"{name}: {host}" for name, text in _texts() for host in REGISTRIES if host in text]
    assert not found, f"Installing is left to the machine's own settings: {found}"


def test_no_file_names_a_place_on_somebodys_machine():
    found = [f"{name}: {match[0]}" for name, text in _texts() if (match := MACHINE.search(text))]
    assert not found, f"Say it relative to the checkout, or to the data folder: {found}"
