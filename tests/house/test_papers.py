"""The papers are true: what they tell a reader to type exists, and what is generated is current."""

import re

import pytest

from daybook.config import cli, documented
from tests.house.tree import ROOT

PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs" / "operate").glob("*.md"))]
COMMANDS = set(cli._parser()._subparsers._group_actions[0].choices)


def _code(text: str) -> str:
    """Only what stands in code blocks and between backticks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.S))


def test_the_papers_are_there():
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        assert (ROOT / name).is_file(), f"{name} is missing"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_every_command_a_paper_names_exists(paper):
    if not paper.exists():
        pytest.fail(f"{paper.name} is missing")
    code = _code(paper.read_text())
    for script in set(re.findall(r"(?<![\w/.])(?:\./)?((?:bin|\.ci)/[\w-]+)", code)):
        assert (ROOT / script).is_file(), f"{paper.name} names {script}"
    for command in set(re.findall(r"(?:^|`|bin/)daybook ([a-z][a-z-]+)", code, flags=re.M)):
        assert command in COMMANDS, f"{paper.name} names `daybook {command}`"


def test_scripts_can_be_run():
    for script in [*(ROOT / "bin").iterdir(), ROOT / ".ci" / "run"]:
        assert script.read_text().startswith("#!"), f"{script.name} says no interpreter"
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"


def test_the_page_of_settings_is_current():
    page = ROOT / "docs" / "operate" / "settings.md"
    assert page.read_text() == documented.as_markdown(), (
        "Run: bin/daybook check --settings --markdown > docs/operate/settings.md"
    )


def test_every_setting_that_is_read_is_documented():
    source = (ROOT / "daybook" / "config" / "env.py").read_text()
    read = set(re.findall(r'given\["(\w+)"\]', source))
    assert read <= {setting.name for setting in documented.SETTINGS}
