"""Starts invoke inside `.venv`, for `./inv`: as `invoke` does, but faster and from any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke.program import Program


def main(root: Path, arguments: list[str]) -> None:
    """Run invoke on the tasks of a checkout."""
    # Isolated mode leaves it out, and the tasks are found there.
    sys.path.insert(0, str(root))
    from slipway.core.errors import BuildError
    from slipway.util.filelock import share

    try:
        check_folders(root)
    except BuildError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.exit_code))
    # `.venv` is not replaced under a running task.
    share(root / ".tools" / "environment.use")
    try:
        program = import_invoke()
    except ModuleNotFoundError:
        repair(root, arguments)
        raise
    try:
        program.run(["inv", "--search-root", str(root), *with_remainder(arguments)])
    finally:
        flush_output()


def flush_output() -> None:
    """Write the rest of standard output; ends the process with an error when that fails."""
    from slipway.core.errors import files_failed

    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if (refused := files_failed(error)) is not None:
            print(refused, file=sys.stderr)
            sys.exit(int(refused.exit_code))


def check_folders(root: Path) -> None:
    """Refuse folders in which nothing works.

    Raises:
        WorkspaceError: the path of the checkout is not UTF-8.
        FilesFailed: the current folder was deleted.
    """
    from slipway.core.errors import FilesFailed, Problem, WorkspaceError
    from slipway.util.files import name_not_utf8

    if (problem := name_not_utf8(root)) is not None:
        raise WorkspaceError(problem)
    try:
        Path.cwd()
    except FileNotFoundError:
        raise FilesFailed(Problem(where="current folder", fact="was deleted", hint=f"cd {root}")) from None


def with_remainder(arguments: list[str]) -> list[str]:
    """The arguments behind `lab kubectl` are kubectl's: they are put behind `--`, where invoke parses nothing.

    Invoke joins them with spaces, so they are quoted as for a shell.
    """
    if arguments[:2] != ["lab", "kubectl"]:
        return arguments
    import shlex

    rest = arguments[2:]
    flags = rest[: rest.index("--")] if "--" in rest else []
    if not flags and rest[:1] == ["--name"]:
        flags = rest[:2]
    return ["lab", "kubectl", *flags, "--", shlex.join(rest[len(flags) :]).removeprefix("-- ")]


def import_invoke() -> Program:
    """Invoke's program, imported without two modules that no task uses and that take 40 of its 100 ms.

    `unittest.mock`, which imports asyncio, is for its MockContext; `importlib.metadata`, which imports email and zip
    files, for its version. A later import gets the original modules.
    """
    stand_ins: dict[str, dict[str, object]] = {
        "unittest.mock": {"Mock": object},
        "importlib.metadata": {"version": installed_version},
    }
    for name, content in stand_ins.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(content)
    try:
        from invoke.main import program
    finally:
        for name in stand_ins:
            del sys.modules[name]
    return program


def installed_version(package: str) -> str:
    """The version of an installed package, from the name of its folder."""
    found = next(Path(sys.prefix).glob(f"lib/python*/site-packages/{package}-*.dist-info"))
    return found.name.removesuffix(".dist-info").partition("-")[2]


def repair(root: Path, arguments: list[str]) -> None:
    """Make `.venv` again, once: its interpreter became another version, or somebody removed packages."""
    if "SLIPWAY_REPAIRED" not in os.environ:
        (root / ".venv" / ".slipway" / "release.txt").unlink(missing_ok=True)
        os.execve(root / "inv", [str(root / "inv"), *arguments], {**os.environ, "SLIPWAY_REPAIRED": "1"})  # noqa: S606


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[2], sys.argv[1:])
