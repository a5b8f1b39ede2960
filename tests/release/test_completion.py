"""Completion as people have it: a shell on a terminal, its script of ours, and the key."""

import os
import pty
import select
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.monorepo import ROOT, small

DEADLINE_S = 60.0
SHELLS = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), 'eval "$(./inv --print-completion-script bash)"'),
    "zsh": (("zsh", "-f", "-i"), 'eval "$(./inv --print-completion-script zsh)"'),
    "fish": (("fish", "--no-config", "-i"), "./inv --print-completion-script fish | source"),
}
"""Shell → how it is started, and the line of its start-up file."""
ASKED = b"\x1b[c"
"""Fish asks what kind of terminal it is on, and waits for the answer."""


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, argv: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> None:
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, dict(environ))

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def until(self, text: bytes) -> bytes:
        """Everything up to this text."""
        end = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.terminal], [], [], 0.1)[0]:
                part = os.read(self.terminal, 65536)
                self.seen += part
                if ASKED in part:
                    self.type("\x1b[?62;c")
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


@pytest.mark.parametrize("name", [name for name in SHELLS if name == "bash" or shutil.which(name)])
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("./inv relea\t--dry\t", "./inv release --dry-run"),
        ("./inv plan --env stag\t--on\tsonarr,radar\t", "./inv plan --env staging --only sonarr,radarr"),
        ("./inv docs gen\t", "./inv docs generate"),
        ("./inv explain --js\tson\t", "./inv explain --json sonarr"),
    ],
)
def test_a_shell_completes_tasks_flags_and_values(tmp_path: Path, name: str, typed: str, completed: str) -> None:
    folder = small(tmp_path / "repo").root
    launcher = ROOT / "slipway/cli/launch.py"
    (folder / "inv").write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-I", "-S", str(launcher)])} "$@"\n')
    (folder / "inv").chmod(0o755)
    environ = {**os.environ, "SLIPWAY_ROOT": str(folder), "TERM": "xterm", "HOME": str(tmp_path), "PS1": "$ "}
    argv, setup = SHELLS[name]
    shell = Shell(argv, folder, environ)
    try:
        shell.type(f"{setup}; echo rea''dy\n")
        shell.until(b"ready")
        # To the start and to the end of the line: it becomes the argument of a command that shows it.
        shell.type(f"{typed}\x01echo '<''<' \x05 '>''>'\r")
        shell.until(b"<< ")
        shown = shell.until(b" >>").decode()
    finally:
        shell.end()

    assert shown.split() == completed.split()
