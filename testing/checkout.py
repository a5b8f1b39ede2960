"""A tiny checkout with our launcher, on a machine with nothing but Python: for the tests of the set-up.

There is no network: a folder of wheels is the package index, and the invoke that runs the tests is repacked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
TASKS = """from pathlib import Path

from invoke import task


@task
def hello(c, who="you"):
    print("hello", who, "from", Path.cwd())


@task
def add(c):
    import sys

    from slipway.toolchain.groups import ensure_group
    from slipway.util.progress import Progress

    ensure_group(Path(__file__).parent, "test", Progress(stream=sys.stderr))
    import payload

    print("payload", payload.VERSION)
"""
DEADLINE_S = 90.0
MANY = 1200
"""Files of a package whose installation takes long enough to be killed during it."""


class Checkout:
    """A tiny checkout with the launcher, and the bare machine that it is used on."""

    def __init__(self, root: Path, wheels: Path, home: Path) -> None:
        self.root, self.wheels, self.home = root, wheels, home
        root.mkdir(parents=True)
        home.mkdir(parents=True, exist_ok=True)
        wheels.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SOURCE / "inv", root / "inv")
        shutil.copytree(SOURCE / "slipway", root / "slipway", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "tasks.py").write_text(TASKS)
        self.lock("release", [invoke_wheel(wheels)])

    @property
    def site(self) -> Path:
        """Where the environment has its packages."""
        return self.root / ".venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def lock(self, group: str, wheels: list[Path]) -> None:
        """Write locks/<group>.txt over these wheels."""
        lines = []
        for wheel in wheels:
            name, version = wheel.name.split("-")[:2]
            lines += [f"{name}=={version} \\", f"    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"]
        (self.root / "locks").mkdir(exist_ok=True)
        (self.root / "locks" / f"{group}.txt").write_text("\n".join(lines) + "\n")

    def environ(self, **more: str) -> dict[str, str]:
        """An empty home, the system's PATH, and an index that is a folder."""
        keep = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        system = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "SLIPWAY_PYTHON": PYTHON}
        return {**keep, **system, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), **more}

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """The launcher, in a session of its own."""
        return subprocess.Popen(  # noqa: S603 - the tests' own argument vector
            (str(self.root / "inv"), *arguments),
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        """The launcher to its end: exit code, stdout, stderr."""
        return ended(self.start(*arguments, **more))


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out, err


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """A wheel with these files."""
    info = f"{name}-{version}.dist-info"
    meta = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members = files | meta
    record = "".join(f"{path},,\n" for path in (*members, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in (members | {f"{info}/RECORD": record}).items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return path


def invoke_wheel(folder: Path) -> Path:
    """The invoke that runs these tests, as a wheel again."""
    files = distribution("invoke").files or ()
    modules = {str(path): path.read_text() for path in files if path.suffix == ".py" and path.parts[0] == "invoke"}
    return wheel(folder, "invoke", distribution("invoke").version, modules)


def big_wheel(folder: Path) -> Path:
    modules = {f"payload/m{number:04}.py": f"NUMBER = {number}\n" for number in range(MANY)}
    return wheel(folder, "payload", "1.0", {"payload/__init__.py": 'VERSION = "1.0"\n', **modules})


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.005)


def children(parent: int) -> list[int]:
    """Processes that a process has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def fake_python(folder: Path, name: str, output: str, code: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n[ -z '{output}' ] || echo '{output}'\nexit {code}\n")
    (folder / name).chmod(0o755)


def bare_path(folder: Path) -> str:
    """A PATH with what the launcher needs of a POSIX system, and no Python."""
    folder.mkdir(exist_ok=True)
    for program in ("sh", "cmp", "readlink"):
        (folder / program).symlink_to(shutil.which(program) or program)
    return str(folder)
