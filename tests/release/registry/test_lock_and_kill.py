"""The release lock ends with its holder, however that dies."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.core.errors import Busy
from slipway.util import filelock

ROOT = Path(__file__).resolve().parents[3]

HOLDER = """
import sys
from pathlib import Path
from slipway.util import filelock
with filelock.hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "release.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=f"process {holder.pid}, since"), filelock.hold(path):
            pytest.fail("the lock was given twice")

        holder.send_signal(signal.SIGKILL)
        holder.wait()

        with filelock.hold(path):
            pass
