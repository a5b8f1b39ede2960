"""Signals that end a task: told with the code that shells have for them, and passed on once to what we started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.cli.ending import end
from slipway.tools.environment import without_foreign
from slipway.tools.run import Command, run_process
from slipway.util.interrupts import Interrupted, behind
from testing.monorepo import ROOT

pytestmark = pytest.mark.usefixtures("own_signals")

LISTENING = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from slipway.util.interrupts import listen
"""

CHILD = """
import signal, subprocess, sys
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
print("ready", flush=True)
while not seen:
    signal.pause()
print("tidied", len(seen), flush=True)
"""


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (Interrupted(signal.SIGINT), 130, "interrupted"),
        (Interrupted(signal.SIGTERM), 143, "ended by SIGTERM"),
        (Interrupted(signal.SIGHUP), 129, "ended by SIGHUP"),
    ],
)
def test_a_signal_has_the_code_of_shells_and_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    assert end(error, as_json=False) == code
    assert capsys.readouterr().err == f"{message}; run it again, it goes on from here\n"


def test_an_interrupt_that_the_interpreter_hides_in_another_error_is_still_one() -> None:
    class Descriptor:
        def __set_name__(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(BaseException) as caught:
        type("Owner", (), {"field": Descriptor()})

    assert isinstance(behind(caught.value), KeyboardInterrupt)
    assert behind(ValueError()) is None


def run(source: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-I", "-c", LISTENING + source)
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_an_interrupt_in_a_callback_of_the_interpreter_is_not_lost() -> None:
    done = run(
        "import weakref\n"
        "class Thing: pass\n"
        "thing = Thing(); kept = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGTERM))\n"
        "listen()\n"
        "try:\n"
        "    del thing\n"
        "    while True: pass\n"
        "except KeyboardInterrupt as error:\n"
        "    print('ended by', error)\n"
    )

    assert (done.stdout, done.stderr) == ("ended by SIGTERM\n", "")


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    done = run(
        "signal.signal(signal.SIGHUP, signal.SIG_IGN); listen(); os.kill(os.getpid(), signal.SIGHUP); print('on')"
    )

    assert (done.stdout, done.stderr) == ("on\n", "")


def test_a_signal_that_was_held_back_is_raised_at_once() -> None:
    done = run(
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n    listen()\nexcept KeyboardInterrupt as error:\n    print('ended by', error)\n"
    )

    assert (done.stdout, done.stderr) == ("ended by SIGINT\n", "")


@pytest.mark.parametrize("reached", ["the process alone", "everything on the terminal"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_we_wait_for_gets_one_interrupt_and_may_tidy_up(
    tmp_path: Path, reached: str, number: signal.Signals
) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    source = LISTENING + (
        "from slipway.tools.run import Command, run_process\n"
        "listen()\n"
        "try:\n"
        f"    run_process(Command(argv=(sys.executable, '-I', {str(tmp_path / 'child.py')!r}), on_line=lambda line: print(line, flush=True)))\n"
        "except KeyboardInterrupt as error:\n"
        "    print('ended by', error)\n"
    )
    process = subprocess.Popen(
        (sys.executable, "-I", "-c", source), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    if reached == "the process alone":
        process.send_signal(number)
    else:
        os.killpg(process.pid, number)

    assert process.communicate(timeout=60)[0] == f"tidied 1\nended by {number.name}\n"


def test_a_program_may_have_our_output(capfd: pytest.CaptureFixture[str]) -> None:
    done = run_process(Command(argv=(sys.executable, "-I", "-c", "print('shown')"), attached=True))

    assert (done.code, done.stdout, capfd.readouterr().out) == (0, "", "shown\n")


FOREIGN = [
    "HELM_DRIVER",
    "HELM_REGISTRY_CONFIG",
    "KUBECONFIG",
    "KUBERC",
    "CT_CHART_DIRS",
    "PYTHONPATH",
    "PYTHONWARNINGS",
    "PYTEST_ADDOPTS",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_WORK_TREE",
    "GOFLAGS",
    "GOOS",
    "GOEXPERIMENT",
    "REGISTRY_STORAGE",
    "MYPYPATH",
    "RUFF_CONFIG",
    "ETCD_NAME",
    "OTEL_TRACES_EXPORTER",
]
OURS = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "DOCKER_CONFIG",
    "GOPROXY",
    "GOCACHE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_0",
    "XDG_CONFIG_HOME",
    "SLIPWAY_ROOT",
    "COVERAGE_PROCESS_START",
]


def test_a_program_gets_of_its_caller_only_what_changes_no_result() -> None:
    given = dict.fromkeys((*FOREIGN, *OURS), "x")

    assert sorted(without_foreign(given)) == sorted(OURS)


def test_what_a_command_names_itself_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_DRIVER", "garbage")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    show = "import os; print(os.environ.get('HELM_DRIVER'), os.environ.get('PYTHONPATH'))"

    done = run_process(Command(argv=(sys.executable, "-c", show), env={"PYTHONPATH": "/ours"}))

    assert done.stdout == "None /ours\n"
