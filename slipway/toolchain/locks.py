"""The locks: every Python package that a group installs, with its version and hashes, in `locks/<group>.txt`.

`pyproject.toml` has the requirements; `uv` resolves them for every platform and Python that we support. The groups share
one environment, so each is resolved within the versions of those before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from slipway.tools.run import Command, Runner

GROUPS = ("release", "go", "lock", "lab", "seal", "test", "docs", "browser", "node", "traefik")
"""In the order of resolution; `release` is `[project] dependencies`, the others are `[dependency-groups]`."""
LOCKS = "locks"
PYTHON = "3.11"
"""The oldest Python that the locks must serve."""


def lock_file(root: Path, group: str) -> Path:
    """The lock file of a group."""
    return root / LOCKS / f"{group}.txt"


def compile_argv(uv: Path, group: str, before: tuple[str, ...], output: Path, *, upgrade: bool) -> tuple[str, ...]:
    """The command that resolves one group, to be run in the root; no index address gets into the lock."""
    source = ("pyproject.toml",) if group == "release" else ("--group", f"pyproject.toml:{group}")
    return (
        *(str(uv), "pip", "compile", "--quiet", *source),
        *(part for name in before for part in ("--constraint", f"{LOCKS}/{name}.txt")),
        *("--generate-hashes", "--universal", "--python-version", PYTHON),
        *("--no-header", "--no-emit-index-url", "--no-annotate"),
        *(("--upgrade",) if upgrade else ()),
        *("--output-file", str(output)),
    )


def relock(
    root: Path, run: Runner, uv: Path, *, upgrade: bool = False, say: Callable[[str], None] = lambda _: None
) -> tuple[str, ...]:
    """Resolve every group and write the locks that changed; returns the changed groups.

    Without `upgrade` a locked version stays as long as `pyproject.toml` allows it.

    Raises:
        ToolFailed: the requirements conflict; the locks that were written before are consistent.
    """
    changed: list[str] = []
    for number, group in enumerate(GROUPS):
        target = lock_file(root, group)
        target.parent.mkdir(exist_ok=True)
        old = target.read_bytes() if target.exists() else b""
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".lock-") as folder:
            # uv prefers the versions in its output file.
            fresh = Path(folder, target.name)
            fresh.write_bytes(old)
            run(Command(argv=compile_argv(uv, group, GROUPS[:number], fresh, upgrade=upgrade), cwd=root))
            if fresh.read_bytes() != old:
                fresh.replace(target)
                changed.append(group)
                say(f"✔ {LOCKS}/{target.name}")
    return tuple(changed)
