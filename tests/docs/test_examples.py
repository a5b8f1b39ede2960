"""What pages show of a terminal: the commands are run in a copy of this repository, and say what stands below them."""

from pathlib import Path

import pytest

from slipway.docs import site
from slipway.tools.run import Command, run_process
from testing.examples import Sessions
from testing.monorepo import ROOT

KNOWN = Sessions.of_pages()


@pytest.mark.parametrize("name", [name for name, one in KNOWN.items() if not one.lab])
def test_a_session_does_what_its_page_shows(tmp_path_factory: pytest.TempPathFactory, name: str, update: bool) -> None:
    if message := Sessions.below(tmp_path_factory.getbasetemp(), KNOWN, update=update).verdict(name):
        pytest.fail(message, pytrace=False)


def test_every_command_on_a_page_is_one_that_a_shell_understands(tmp_path: Path) -> None:
    script = tmp_path / "typed.sh"
    misread = {}
    for block in site.console_blocks_of(ROOT):
        script.write_text("\n".join(step.command for step in block.steps) + "\n", encoding="utf-8")
        done = run_process(Command(argv=("bash", "-n", str(script)), ok_codes=None))
        if done.code:
            misread[block.where] = done.stderr

    assert misread == {}
