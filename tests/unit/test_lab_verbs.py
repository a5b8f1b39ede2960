"""What a person is told of a lab whose programs do not last."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.cluster import applications
from slipway.core.errors import Problem, ToolFailed
from slipway.lab import state, up
from slipway.lab.place import Place
from slipway.lab.state import ComponentState, Phase, State
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed
from slipway.util.progress import Progress

WELL = {
    "metadata": {"name": "htpc"},
    "spec": {"source": {"targetRevision": "1.0.0"}},
    "status": {"sync": {"status": "Synced", "revision": "1.0.0"}, "health": {"status": "Healthy"}},
}
REFUSED = ToolFailed(Problem(where="kubectl", fact="the connection was refused"))


def place(folder: Path, **parts: ComponentState) -> Place:
    """A lab whose supervisor has said this of its components."""
    folder.mkdir()
    state.write(
        folder, State(pid=1, phase=Phase.READY, parts={name.replace("_", "-"): one for name, one in parts.items()})
    )
    return Place(folder=folder)


def kubectl(answer: Callable[[], str]) -> Kubectl:
    """A kubectl that says what it is told to."""

    def run(command: Command) -> Completed:
        return Completed(argv=command.argv, code=0, stdout=answer(), stderr="", seconds=0.0)

    return Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("kubeconfig"))


def test_a_program_that_was_started_again_is_named_with_the_way_to_its_log(tmp_path: Path) -> None:
    message = io.StringIO()
    here = place(
        tmp_path / "trial",
        etcd=ComponentState(phase=Phase.READY),
        kwok=ComponentState(restarts=1, output=("ended with exit code 2", "a", "b")),
    )

    up.report_restarts(Progress(stream=message), here)

    assert message.getvalue() == (
        "kwok ended with exit code 2 and was started again: ./inv lab logs --what kwok --name trial\n"
    )


def test_a_lab_that_ended_is_reported_with_its_cause(tmp_path: Path) -> None:
    here = place(
        tmp_path / "trial", kwok=ComponentState(phase=Phase.FAILED, output=("ended with exit code 2", "out of luck"))
    )

    with pytest.raises(ToolFailed) as raised, up.ended_explained(here):
        raise REFUSED

    assert str(raised.value).splitlines()[:2] == ["lab trial, kwok: ended with exit code 2", "    out of luck"]


def test_an_error_in_a_lab_that_is_well_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as raised, up.ended_explained(place(tmp_path / "trial", kwok=ComponentState())):
        raise REFUSED

    assert raised.value is REFUSED


def test_an_api_server_that_comes_back_is_waited_for() -> None:
    asked = iter((False, False, True))

    def answer() -> str:
        if not next(asked):
            raise REFUSED
        return json.dumps({"kind": "List", "items": [WELL]})

    waits: list[float] = []
    found = applications.wait_until_healthy(kubectl(answer), "argocd", ["htpc"], wait_s=30, sleep=waits.append)

    assert len(waits) == 2
    assert [item.healthy for item in found] == [True]


def test_one_that_cannot_come_back_is_not() -> None:
    def answer() -> str:
        raise REFUSED

    with pytest.raises(ToolFailed):
        applications.wait_until_healthy(kubectl(answer), "argocd", ["htpc"], wait_s=30, may_return=lambda: False)
