"""The Python environment: `.venv` from `locks/release.txt`, and the groups of packages that tasks add to it.

Runs under any Python 3.11 or newer before `.venv` exists, so it uses the standard library only; later the tasks
use it to add a group. A kill leaves either nothing, or a marker by which the next run repairs it:

- `.venv/.slipway/release.txt`, a copy of the lock file, is written last: without it `.venv` is made again.
- `.venv/.slipway/dirty` exists while a group is being added; the next run that finds it makes `.venv` again.
- packages with a separate folder (the Go toolchain) are installed under a temporary name and renamed.

The kernel lock is inherited by pip: when we are killed and pip lives on, the next run waits until it has ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from slipway.util.filelock import hold
from slipway.util.files import decode, write_atomic
from slipway.util.progress import Progress

MARKS = ".slipway"
"""Folder in `.venv` with a file for each finished step; read by `inv`, too."""
CREATED = ".tools/environment.ours"
"""Written before the first environment is made."""
LOCK = ".tools/environment.lock"
"""Locked while packages are installed; relative to the checkout."""
USE_LOCK = ".tools/environment.use"
"""Locked, shared, by every running task; `.venv` is only replaced when no task runs."""
TAIL_LINES = 20
UNWANTED = (
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_CONSTRAINT",
    "PIP_DRY_RUN",
)
"""Settings of a user's pip that would install to another place; indexes, proxies and certificates are kept."""
PIP = ("-m", "pip", "--no-input", "--disable-pip-version-check")
INSTALL = (*PIP, "install", "--progress-bar=off", "--no-user", "--no-deps", "--require-hashes", "--only-binary=:all:")


class SetupError(Exception):
    """The environment cannot be made.

    Attributes:
        fact: what failed.
        output: the command that failed, then the lines of its output.
        hint: what to do.
    """

    def __init__(self, fact: str, output: Sequence[str] = (), hint: str = "") -> None:
        self.fact, self.output, self.hint = fact, tuple(output), hint
        super().__init__(fact)

    @property
    def evidence(self) -> tuple[str, ...]:
        """The command and the last lines of its output."""
        return (*self.output[:1], *self.output[1:][-TAIL_LINES:])


def complete(root: Path, venv: Path) -> bool:
    """Whether the environment is finished, was made for this path, and is of the current locks."""
    made = venv / MARKS
    try:
        return (
            os.access(venv / "bin" / "python", os.X_OK)
            and (made / "place").read_text(encoding="utf-8") == f"{root}\n"
            and not (made / "dirty").exists()
            and (made / "release.txt").read_bytes() == (root / "locks" / "release.txt").read_bytes()
        )
    except OSError:
        return False


def make(root: Path, progress: Progress) -> None:
    """Make `.venv` unless it is complete.

    Raises:
        SetupError: a package cannot be installed, or `.venv` is something else.
    """
    venv = root / ".venv"
    # In this order: a running task may still take the second lock to add a group.
    with locked(root / USE_LOCK, progress), locked(root / LOCK, progress) as handle:
        if complete(root, venv):
            return
        started = time.monotonic()
        lock = root / "locks" / "release.txt"
        wanted = lock.read_bytes()
        created = root / CREATED
        remove(venv, known=created.exists())
        # Before anything is made: only an incomplete environment of `./inv` may be removed, none of another tool.
        write_atomic(created, f"{root}\n".encode())
        progress.say(f"Setting up .venv with Python {sys.version.split()[0]}, once for each change of locks/")
        with progress.step("making the virtual environment", ""):
            run((base_python(), "-I", "-m", "venv", str(venv)), handle)
        install(lock, (*python(venv), *INSTALL), progress, handle)
        # Python 3.11 puts setuptools into every environment; its hook costs time at every start.
        run((*python(venv), *PIP, "uninstall", "--yes", "--quiet", "setuptools"), handle)
        write_atomic(venv / MARKS / "place", f"{root}\n".encode())
        write_atomic(venv / MARKS / "release.txt", wanted)
        progress.say(f"✔ environment ready ({time.monotonic() - started:.0f} s)")


def add_group(root: Path, venv: Path, name: str, progress: Progress) -> bool:
    """Install the packages of `locks/<name>.txt` into the environment, unless they are installed; True if it did.

    Raises:
        SetupError: a package cannot be installed.
    """
    lock = root / "locks" / f"{name}.txt"
    wanted = lock.read_bytes()
    marker = venv / MARKS / f"{name}.txt"
    if has(marker, wanted):
        return False
    with locked(root / LOCK, progress) as handle:
        if has(marker, wanted):
            return False
        dirty = venv / MARKS / "dirty"
        write_atomic(dirty, f"{name}\n".encode())
        try:
            install(lock, (*python(venv), *INSTALL), progress, handle)
        except SetupError as error:
            # pip fetches everything first: a failure before this line of its output has changed nothing.
            if not any(line.startswith("Installing collected packages") for line in error.output):
                dirty.unlink()
            raise
        write_atomic(marker, wanted)
        dirty.unlink()
    return True


def add_folder(root: Path, name: str, progress: Progress) -> Path:
    """Install the packages of `locks/<name>.txt` into a separate folder below .tools; returns the folder.

    For packages that are programs rather than modules: a new `.venv` does not need them installed again.

    Raises:
        SetupError: a package cannot be installed.
    """
    folder = group_folder(root, name)
    if folder.is_dir():
        return folder
    with locked(root / LOCK, progress) as handle:
        if folder.is_dir():
            return folder
        with made_atomically(folder, name) as scratch:
            pip = (sys.executable, "-I", *INSTALL, "--target", str(scratch), "--no-compile")
            install(root / "locks" / f"{name}.txt", pip, progress, handle)
    return folder


@contextlib.contextmanager
def made_atomically(folder: Path, name: str) -> Iterator[Path]:
    """A temporary folder that is renamed to `folder` after the block; earlier folders of `name` are removed before.

    Args:
        folder: the final path, `<name>-<suffix>`.
        name: the prefix of earlier and unfinished folders.
    """
    for old in (*folder.parent.glob(f"{name}-*/"), *folder.parent.glob(f".{name}-*/")):
        remove_tree(old)
    scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        scratch.rename(folder)
    except BaseException:
        remove_tree(scratch)
        raise


def group_folder(root: Path, name: str) -> Path:
    """Where `add_folder` puts a group: `.tools/<name>-<version of its first package>-<hash of its lock>`."""
    lock = (root / "locks" / f"{name}.txt").read_bytes()
    version = re.search(r"^[A-Za-z0-9._-]+==([^\s;\\]+)", decode(lock, f"locks/{name}.txt"), re.MULTILINE)
    digest = hashlib.sha256(lock).hexdigest()[:8]
    return root / ".tools" / f"{name}-{version[1] if version else '0'}-{digest}"


def install(lock: Path, pip: Sequence[str], progress: Progress, handle: int) -> None:
    """Install the packages of a lock file with this pip command.

    Raises:
        SetupError: it failed.
    """
    count = len(re.findall(r"^[A-Za-z0-9]", decode(lock.read_bytes(), f"locks/{lock.name}"), re.MULTILINE))
    with progress.step(f"installing {count} package{'s' * (count != 1)} of locks/{lock.name}", "") as step:
        run((*pip, "-r", str(lock)), handle, step.position)


def python(venv: Path) -> tuple[str, ...]:
    """The command of an environment's interpreter, which ignores the PYTHON variables of the user."""
    return (str(venv / "bin" / "python"), "-I")


def base_python() -> str:
    """The program behind this interpreter: an environment keeps working when `python3` on PATH changes."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def run(argv: Sequence[str], handle: int, position: Callable[[str], None] = lambda _: None) -> None:
    """Run a program that inherits the lock; `position` is called with each line of its output.

    Raises:
        SetupError: it cannot be started or fails.
    """
    lines: list[str] = []
    try:
        process = subprocess.Popen(  # noqa: S603 - our own argument vector; slipway.tools.run is for the finished environment
            argv,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(handle,),
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise SetupError(f"{argv[0]} cannot be started", (str(error),), "remove .venv and run it again") from error
    with process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                position(line.strip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        command = " ".join(argv)
        hint = "check the network and the space on the disk, then run it again; what was downloaded is kept"
        raise SetupError(f"exit code {process.returncode}", (f"+ {command}", *lines), hint)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that make pip install elsewhere."""
    return {name: value for name, value in environ.items() if name not in UNWANTED}


def locked(path: Path, progress: Progress) -> contextlib.AbstractContextManager[int]:
    """Hold a lock file, waiting for other tasks without a limit."""
    return hold(path, what="another task in this checkout", wait_s=math.inf, on_wait=progress.say)


def has(marker: Path, wanted: bytes) -> bool:
    """Whether a marker exists with this content."""
    try:
        return marker.read_bytes() == wanted
    except OSError:
        return False


def remove(venv: Path, *, known: bool) -> None:
    """Remove an old environment.

    Args:
        venv: the folder.
        known: `./inv` made an environment in this checkout before, so an incomplete one may be removed.

    Raises:
        SetupError: `./inv` did not make it.
    """
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        kind = (
            "an environment that ./inv did not make" if (venv / "pyvenv.cfg").exists() else "not a virtual environment"
        )
        incomplete = known and (venv / "pyvenv.cfg").exists()
        if any(venv.iterdir()) and not incomplete and not (venv / MARKS).exists():
            raise SetupError(f"{venv} is {kind}", hint=f"mv '{venv}' '{venv}.old'")
        # The markers first: without them the environment counts as incomplete.
        remove_tree(venv / MARKS)
        remove_tree(venv)


def remove_tree(path: Path) -> None:
    """Remove a folder, as far as it exists."""
    shutil.rmtree(path, ignore_errors=True)
