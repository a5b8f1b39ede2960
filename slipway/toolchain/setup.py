"""Makes `.venv`, with any Python 3.11 or newer; `./inv` starts it when `.venv` is missing or out of date."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from slipway.core.errors import BuildError, files_failed  # noqa: E402 - found only now
from slipway.toolchain.folders import check_folders  # noqa: E402
from slipway.toolchain.venv import SetupError, make  # noqa: E402
from slipway.util.progress import Progress  # noqa: E402


def main() -> int:
    """Make the environment of this checkout; returns the exit code, as slipway/core/errors.py lists them."""
    try:
        check_folders(ROOT)
        make(ROOT, Progress())
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
    except KeyboardInterrupt:
        print("interrupted; run it again, it starts from the beginning", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
