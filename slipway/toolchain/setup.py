"""Makes `.venv` with any Python 3.11 or newer, then starts the task: `./inv` runs it when `.venv` is missing or out of date."""

import os
import sys

ROOT = __file__.rsplit("/", 3)[0]
sys.path.insert(0, ROOT)

from slipway.util.interrupts import behind, ignore, listen, message, number_of  # noqa: E402 - found only now


def main() -> int:
    """Make the environment of this checkout; returns the exit code, as slipway/core/errors.py lists them."""
    from pathlib import Path

    from slipway.core.errors import BuildError, files_failed
    from slipway.toolchain.folders import check_folders
    from slipway.toolchain.venv import SetupError, make
    from slipway.util.progress import Progress

    try:
        check_folders(Path(ROOT))
        make(Path(ROOT), Progress())
    except BuildError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    except OSError as error:
        if (refused := files_failed(error)) is None:
            raise
        print(refused, file=sys.stderr)
        return int(refused.exit_code)
    except SetupError as error:
        lines = [f".venv: {error.fact}", *(f"    {line}" for line in error.evidence)]
        print("\n".join([*lines, *([f"    hint: {error.hint}"] if error.hint else [])]), file=sys.stderr)
        return 4
    return 0


def start(arguments: list[str]) -> None:
    """Make the environment and become the task; an interrupt in between waits for it."""
    import signal

    if code := main():
        sys.exit(code)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    python = f"{ROOT}/.venv/bin/python"
    os.execv(python, [python, "-I", "-S", f"{ROOT}/slipway/cli/launch.py", *arguments])  # noqa: S606 - ours, and no shell


if __name__ == "__main__":
    try:
        try:
            listen()
            start(sys.argv[1:])
        finally:
            ignore()
    except BaseException as error:
        ignore()
        if (interrupt := behind(error)) is None:
            raise
        print(message(number_of(interrupt)), file=sys.stderr)
        sys.exit(128 + number_of(interrupt))
