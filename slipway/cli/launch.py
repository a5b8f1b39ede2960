"""The way from `./inv` to the tasks, inside `.venv`: the same as `invoke`, only started faster and from any folder.

`./inv` starts it without `site` and with interrupts held back, until `main` can say what they mean.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slipway.cli.program import Program

OWN_FLAGS = ("--name",)
"""Flags of `lab` that may be between `kubectl` and its arguments."""


def main(root: str, arguments: list[str]) -> None:
    """Run the tasks of a checkout."""
    # Isolated mode leaves it out, and the tasks are found there.
    sys.path.insert(0, root)

    def work() -> None:
        if sys.flags.no_site:
            import site

            site.main()
        from pathlib import Path

        start(Path(root), arguments)

    guarded(work, arguments)


def guarded(work: Callable[[], None], arguments: list[str]) -> None:
    """Do what a command line asks for; whatever goes wrong becomes a message and an exit code."""
    from slipway.util.interrupts import ignore, listen

    try:
        try:
            listen()
            open_streams()
            work()
        finally:
            ignore()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - people see a message, and never a traceback
        ignore()
        from slipway.cli.ending import end

        sys.exit(end(error, as_json="--json" in arguments))


def open_streams() -> None:
    """Give this process the standard streams that its caller closed: what is opened next would get their numbers."""
    import os

    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - lives until the process ends
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    for stream in (sys.stdout, sys.stderr):
        # A name that is not UTF-8, or a terminal that is not, is no reason to fail.
        getattr(stream, "reconfigure", dict)(errors="backslashreplace")


def start(root: Path, arguments: list[str]) -> None:
    """Check the folders, take the lock of `.venv`, import invoke, and run the tasks."""
    from slipway.core.errors import BuildError
    from slipway.toolchain.folders import check_folders
    from slipway.util.filelock import share

    try:
        check_folders(root)
    except BuildError as error:
        from slipway.cli.ending import end

        sys.exit(end(error, as_json="--json" in arguments))
    # `.venv` is not replaced under a running task.
    share(root / ".tools" / "environment.use")
    try:
        program = import_program()
    except ModuleNotFoundError:
        repair(root, arguments)
        raise
    try:
        program.run(["inv", "--search-root", str(root), *with_remainder(arguments)])
    finally:
        flush_output()


def flush_output() -> None:
    """Write the rest of standard output; ends the process with an error when that fails."""
    import os

    from slipway.core.errors import files_failed

    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if (refused := files_failed(error)) is not None:
            print(refused, file=sys.stderr)
            sys.exit(int(refused.exit_code))


def with_remainder(arguments: list[str]) -> list[str]:
    """Put what follows `lab kubectl` behind `--`, where invoke looks for no tasks and flags.

    Flags of the lab are those before `kubectl`, and `--name` right behind it. Invoke joins what is behind `--` with
    spaces, so it is quoted as for a shell.
    """
    action = after_flags(arguments, 1)
    if arguments[:1] != ["lab"] or arguments[action : action + 1] != ["kubectl"]:
        return arguments
    import shlex

    rest = after_flags(arguments, action + 1, OWN_FLAGS)
    passed = arguments[rest:]
    # One `--` may separate the two, as for other programs; a second one is kubectl's.
    if passed[:1] == ["--"]:
        passed = passed[1:]
    return [*arguments[:rest], "--", shlex.join(passed)]


def after_flags(arguments: list[str], position: int, known: tuple[str, ...] = ("--name", "--env")) -> int:
    """The position behind flags that have a value, as `--name trial` or `--name=trial`."""
    while position < len(arguments) and arguments[position].partition("=")[0] in known:
        position += 1 if "=" in arguments[position] else 2
    return position


def import_program() -> Program:
    """Import invoke without two modules that no task uses and that take 40 of its 100 ms.

    `unittest.mock`, which imports asyncio, is there for its MockContext; `importlib.metadata`, which imports email and zip
    files, for its own version. Whoever imports them later gets the real ones.
    """
    from types import ModuleType

    stand_ins: dict[str, dict[str, object]] = {
        "unittest.mock": {"Mock": object},
        "importlib.metadata": {"version": installed_version},
    }
    for name, content in stand_ins.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(content)
    try:
        from slipway.cli.program import Program
    finally:
        for name in stand_ins:
            del sys.modules[name]
    return Program(name="Invoke", binary_names=["invoke", "inv"], version=installed_version("invoke"))


def installed_version(package: str) -> str:
    """The version of an installed package, from the name of its folder."""
    from pathlib import Path

    found = next(Path(sys.prefix).glob(f"lib/python*/site-packages/{package}-*.dist-info"))
    return found.name.removesuffix(".dist-info").partition("-")[2]


def repair(root: Path, arguments: list[str]) -> None:
    """Make `.venv` again, once: its interpreter became another version, or somebody removed packages."""
    import os

    if "SLIPWAY_REPAIRED" not in os.environ:
        (root / ".venv" / ".slipway" / "release.txt").unlink(missing_ok=True)
        os.execve(root / "inv", [str(root / "inv"), *arguments], {**os.environ, "SLIPWAY_REPAIRED": "1"})  # noqa: S606


if __name__ == "__main__":
    main(__file__.rsplit("/", 3)[0], sys.argv[1:])
