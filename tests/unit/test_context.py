"""The wiring: which umbrellas a command is about, and what a command needs installed."""

import sys
from pathlib import Path

import pytest

from slipway.context import Context, open_context
from slipway.core.errors import WorkspaceError
from slipway.tools.run import Command, run_process
from testing.monorepo import small
from testing.workspaces import ROOT


@pytest.fixture
def context(tmp_path: Path) -> Context:
    repo = small(tmp_path)
    repo.service("lonely")
    repo.umbrella("infra", ())
    return open_context(tmp_path, {}, quiet=True)


@pytest.mark.parametrize(
    ("only", "umbrellas"),
    [
        ((), ("htpc", "infra")),
        (("sonarr",), ("htpc",)),
        (("sonarr", "radarr"), ("htpc",)),
        (("infra",), ("infra",)),
        (("common",), ("htpc",)),
    ],
)
def test_a_chart_stands_for_its_umbrellas_and_no_chart_for_all(
    context: Context, only: tuple[str, ...], umbrellas: tuple[str, ...]
) -> None:
    assert context.umbrellas_of(only) == umbrellas  # type: ignore[arg-type]


@pytest.mark.parametrize("only", [("lonely",), ("sonarr", "lonely")])
def test_a_chart_in_no_umbrella_is_an_error_where_umbrellas_are_meant(context: Context, only: tuple[str, ...]) -> None:
    with pytest.raises(WorkspaceError) as error:
        context.umbrellas_of(only)  # type: ignore[arg-type]

    assert str(error.value) == (
        "charts/lonely/Chart.yaml: lonely is in no umbrella\n"
        "    no environment runs it\n"
        "    hint: add lonely to `dependencies` of umbrella/<namespace>/Chart.yaml"
    )


def test_a_release_that_does_not_sign_needs_no_packages_for_it() -> None:
    code = "import sys; sys.modules['cryptography'] = None; import slipway.release.signing, slipway.signing.verdict, slipway.cli.verify"
    done = run_process(Command(argv=(sys.executable, "-c", code), cwd=ROOT, ok_codes=None))
    assert (done.code, done.stderr) == (0, "")
