"""What `./inv test` runs besides pytest: the contracts of imports, and the measurement of coverage."""

import shutil
import sys
from pathlib import Path

import pytest

from slipway.cli import coverage
from slipway.cli.test import STATIC
from slipway.tools.run import Command, run_process
from slipway.util.terminal import shown
from testing.monorepo import ROOT

STARTED = """\
import subprocess, sys

def test_a_process_imports_a_module():
    subprocess.run([sys.executable, "-I", "-c", "import sys; sys.path.insert(0, '.'); import slipway.core.errors"], check=True)
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of our packages and settings."""
    for name in ("slipway", "dashboards", "testing"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def imports(root: Path) -> tuple[int, str]:
    """Exit code and output of the check of imports."""
    done = run_process(Command(argv=(sys.executable, *STATIC["import-linter"]), cwd=root, ok_codes=None))
    return done.code, done.stdout


def test_our_imports_satisfy_the_contracts(sources: Path) -> None:
    code, shown = imports(sources)

    assert code == 0, shown


@pytest.mark.parametrize(
    ("module", "line", "edge"),
    [
        ("slipway/core/model.py", "from slipway.lint import rules", "slipway.core.model -> slipway.lint.rules"),
        ("dashboards/model.py", "from slipway.build import render", "dashboards.model -> slipway.build.render"),
        ("slipway/lint/rules.py", "import subprocess", "slipway.lint.rules -> subprocess"),
    ],
)
def test_an_import_against_the_layers_fails_and_is_named(sources: Path, module: str, line: str, edge: str) -> None:
    path = sources / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

    code, shown = imports(sources)

    assert code == 1
    assert edge in " ".join(shown.split())


def test_processes_that_tests_start_are_measured(sources: Path) -> None:
    (sources / "test_started.py").write_text(STARTED, encoding="utf-8")
    coverage.forget(sources)
    tests = ("-m", "pytest", "-q", "-n1", "test_started.py")
    for arguments in ((*coverage.MEASURE, *tests), *coverage.REPORTS):
        run_process(Command(argv=(sys.executable, *arguments), cwd=sources))
    lines = shown(coverage.report(sources)).splitlines()

    rows = {line.split()[0]: line.split()[-1] for line in lines if line.startswith("slipway.")}
    assert rows["slipway.core"] != "0%"
    assert rows["slipway.lint"] == "0%"
    assert (sources / "build/coverage/html/index.html").is_file()
