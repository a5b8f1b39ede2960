"""What pages show of a terminal: the commands are run in a copy of this repository, and say what stands below them."""

from pathlib import Path

import pytest

from slipway.docs import site
from slipway.tools.run import Command, run_process
from testing.examples import Sessions, known, shared
from testing.monorepo import ROOT

SESSIONS = known(lab=False)


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    """The sessions of the pages; each runs once, whoever asks."""
    return Sessions(folder=shared(tmp_path_factory.getbasetemp()), known={one.name: one for one in SESSIONS})


@pytest.mark.parametrize("name", [one.name for one in SESSIONS])
def test_a_session_does_what_its_page_shows(sessions: Sessions, name: str) -> None:
    if said := sessions.verdict(name):
        pytest.fail(said, pytrace=False)


def test_every_command_on_a_page_is_one_that_a_shell_understands(tmp_path: Path) -> None:
    script = tmp_path / "typed.sh"
    misread = {}
    for block in site.console(ROOT):
        script.write_text("\n".join(step.command for step in block.steps) + "\n", encoding="utf-8")
        done = run_process(Command(argv=("bash", "-n", str(script)), ok_codes=None))
        if done.code:
            misread[block.where] = done.stderr

    assert misread == {}
