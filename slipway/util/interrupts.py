"""Signals that end a task, as exceptions: Ctrl-C, SIGTERM and the end of the terminal.

`./inv` starts Python with these signals blocked, so that none arrives before somebody can say what it means. Standard
library only: the set-up of `.venv` uses it before anything is installed.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 0.01


class Interrupted(KeyboardInterrupt):
    """A signal that ends the task.

    Attributes:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


def listen() -> None:
    """Raise `Interrupted` from now on, and for a signal that was held back; one that the caller ignores stays ignored.

    An exception in a callback of the interpreter is reported and dropped, so the signal is raised again after it.
    """
    last = [int(signal.SIGINT)]

    def end(number: int, frame: FrameType | None) -> None:
        last[0] = last[0] if number == signal.SIGALRM else number
        while frame is not None and frame.f_code is not dropped.__code__:
            frame = frame.f_back
        if frame is not None:
            # Not in the hook itself, where it would be dropped once more.
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            return
        raise Interrupted(last[0])

    def dropped(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        else:
            sys.__unraisablehook__(unraisable)

    sys.unraisablehook = dropped
    for number in (*ENDING, signal.SIGALRM):
        if number == signal.SIGALRM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def ignore() -> None:
    """Let no further signal disturb the end of the process."""
    for number in (*ENDING, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt that an exception is, or that it came of: the interpreter turns some into a RuntimeError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def number_of(error: KeyboardInterrupt) -> int:
    """The signal behind an exception."""
    return error.number if isinstance(error, Interrupted) else int(signal.SIGINT)


def message(number: int) -> str:
    """What people read; the same task goes on where this one was."""
    what = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    return f"{what}; run it again, it goes on from here"
