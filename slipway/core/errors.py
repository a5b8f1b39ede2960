"""What can go wrong, as values and as exceptions.

A `Problem` is a finding about the workspace: it is collected, never raised, so that one command reports every finding.
A `BuildError` stops the run. Each class has its own exit code, and this is the only place that defines them:

    BuildError
    ├── ProblemsFound      1    the checks found something
    ├── WorkspaceError     2    the files cannot be understood, or a name on the command line is unknown
    ├── ToolMissing        3    a program is missing and could not be built
    ├── ToolFailed         4    a program ran and failed
    ├── AlreadyPublished   5    the version is published with other content, or a higher one is
    ├── NotConverged       6    the plan is not empty after the release
    ├── RegistryError      7    the registry cannot be reached, rejects the request, or its response is not valid
    ├── Busy               8    another release holds the lock
    ├── Internal           9    a bug in the build system
    └── FilesFailed        10   a file or folder cannot be read or written, or the disk is full
                         129    the terminal is gone (SIGHUP)
                         130    interrupted (Ctrl-C, SIGINT)
                         143    ended by SIGTERM

The text is always `where: fact`, indented evidence, `hint: exact command`. Any other exception becomes one of the last
two in `slipway/cli/crash.py`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every task; the reference page of the site is made from EXIT_MEANING."""

    OK = 0
    PROBLEMS = 1
    WORKSPACE = 2
    TOOL_MISSING = 3
    TOOL_FAILED = 4
    ALREADY_PUBLISHED = 5
    NOT_CONVERGED = 6
    REGISTRY = 7
    BUSY = 8
    INTERNAL = 9
    FILES = 10
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


SIGNALLED = 128
"""A task that a signal ends has this code and the number of the signal, as shells have it."""


EXIT_MEANING: dict[ExitCode, tuple[str, str]] = {
    ExitCode.OK: ("Done, or nothing to do.", ""),
    ExitCode.PROBLEMS: ("The checks found problems.", "Each problem has a hint."),
    ExitCode.WORKSPACE: ("A file or an argument cannot be understood.", "Correct the line that the message names."),
    ExitCode.TOOL_MISSING: ("A tool is missing and could not be built.", "Run `./inv doctor`."),
    ExitCode.TOOL_FAILED: ("A tool failed.", "The message has the end of its output."),
    ExitCode.ALREADY_PUBLISHED: (
        "The version is published with other content, or a higher one is.",
        "Run the `version` command of the hint.",
    ),
    ExitCode.NOT_CONVERGED: ("The plan is not empty after the release.", "Run `./inv plan`, then release again."),
    ExitCode.REGISTRY: (
        "The registry cannot be reached, or it rejects the request.",
        "Check it with `./inv registry status`.",
    ),
    ExitCode.BUSY: ("Another release is running in this checkout.", "Wait for it to end, then run again."),
    ExitCode.INTERNAL: (
        "A bug in the build system.",
        "The message names a log with the versions and the traceback; it has no secrets.",
    ),
    ExitCode.FILES: (
        "A file or folder of the checkout cannot be read or written, or the disk is full.",
        "Clone the repository as the user who works in it, or free space.",
    ),
    ExitCode.HUNG_UP: ("The terminal was closed.", "Run it again; it goes on from there."),
    ExitCode.INTERRUPTED: ("Stopped by Ctrl-C.", "Run it again; it goes on from there, and published charts are kept."),
    ExitCode.TERMINATED: ("Stopped by SIGTERM.", "Run it again; it goes on from there."),
}
"""Exit code → (meaning, fix)."""


ESCAPES = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for span in ((0x00, 0x09), (0x0A, 0x20), (0x7F, 0xA0), (0x200E, 0x2010), (0x2028, 0x202F), (0x2066, 0x206A))
    for code in range(*span)
} | {0x0A: "\\n", 0x0D: "\\r", 0xFEFF: "\\ufeff", **{code: f"\\x{code - 0xDC00:02x}" for code in range(0xDC80, 0xDD00)}}
"""Control characters, line ends, marks of direction, and bytes that are not UTF-8 → how they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One finding: where it is, what is wrong, what shows it, and the command or edit that fixes it."""

    where: str
    """`path`, `path:line` or an object's name; relative to the workspace root."""
    fact: str
    evidence: tuple[str, ...] = ()
    hint: str = ""
    rule: str = ""
    """Identifier of the rule that found it, such as `graph.cycle`; empty for errors that no rule owns."""

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.fact}", *(f"    {line}" for line in self.evidence)]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(map(escaped, lines))


def escaped(text: str) -> str:
    """One line for a terminal, whoever wrote it: what would move the cursor, end the line or turn the text is shown as `\\x1b`."""
    return text if text.isprintable() else text.translate(ESCAPES)


class BuildError(Exception):
    """Stops the run with a text for the user and an exit code."""

    exit_code: ClassVar[ExitCode] = ExitCode.PROBLEMS

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ProblemsFound(BuildError):
    """The checks ran to the end and found something."""

    exit_code = ExitCode.PROBLEMS


class WorkspaceError(BuildError):
    """The workspace, its configuration or an argument cannot be understood."""

    exit_code = ExitCode.WORKSPACE


class ToolMissing(BuildError):
    """A program is missing and could not be built."""

    exit_code = ExitCode.TOOL_MISSING


class ToolFailed(BuildError):
    """A program ran and did not succeed."""

    exit_code = ExitCode.TOOL_FAILED


class AlreadyPublished(BuildError):
    """A version is in the registry with other content; nothing is ever overwritten."""

    exit_code = ExitCode.ALREADY_PUBLISHED


class NotConverged(BuildError):
    """The plan made after a release is not empty."""

    exit_code = ExitCode.NOT_CONVERGED


class RegistryError(BuildError):
    """The registry cannot be reached, rejects the request, or its response is not valid."""

    exit_code = ExitCode.REGISTRY


class Busy(BuildError):
    """Another process holds the release lock of this checkout."""

    exit_code = ExitCode.BUSY


class Internal(BuildError):
    """An exception that nobody expected."""

    exit_code = ExitCode.INTERNAL


class FilesFailed(BuildError):
    """The operating system refuses: no permission, a read-only file system, a full disk, a file in a folder's place."""

    exit_code = ExitCode.FILES


ANOTHER_USER = "clone the repository as the user who works in it, or make that user its owner: chown -R"
READ_ONLY = "work in a clone on a file system that can be written"
SPACE = "free space on the disk, then run it again"
IN_THE_WAY = "remove what is in its place, then run it again"
REFUSALS: dict[int, tuple[str, str]] = {
    errno.EACCES: ("cannot be accessed", ANOTHER_USER),
    errno.EPERM: ("cannot be accessed", ANOTHER_USER),
    errno.EROFS: ("cannot be written", READ_ONLY),
    errno.ENOSPC: ("cannot be written", SPACE),
    errno.EDQUOT: ("cannot be written", SPACE),
    errno.EFBIG: ("cannot be written", SPACE),
    errno.EISDIR: ("cannot be accessed", IN_THE_WAY),
    errno.ENOTDIR: ("cannot be accessed", IN_THE_WAY),
    errno.EEXIST: ("cannot be made", IN_THE_WAY),
    errno.ENOTEMPTY: ("cannot be replaced", IN_THE_WAY),
    errno.EBUSY: ("cannot be replaced", "end what uses it, or unmount it, then run it again"),
    errno.EXDEV: ("cannot be replaced", "keep the checkout on one file system"),
    errno.ENAMETOOLONG: ("cannot be accessed", "use a shorter name, or a checkout with a shorter path"),
    errno.ELOOP: ("cannot be accessed", "remove the symbolic link that leads to itself"),
    errno.EMFILE: ("cannot be opened", "raise the limit of open files: ulimit -n"),
    errno.ENFILE: ("cannot be opened", "end other processes, then run it again"),
    errno.EIO: ("cannot be accessed", "check the disk"),
    errno.ESTALE: ("cannot be accessed", "mount the network file system again"),
}
"""Error number → fact and hint. Any other number is a bug. Source: errno(3)."""


def files_failed(error: OSError, written: object = None) -> FilesFailed | None:
    """An error of the operating system as a BuildError; None when it may be a bug.

    Args:
        error: what a file operation raised.
        written: the file or folder that was to be written, where it is known.
    """
    if error.errno not in REFUSALS:
        return None
    fact, hint = REFUSALS[error.errno]
    if written is not None:
        fact = "cannot be written"
    where = next((str(name) for name in (written, error.filename) if name is not None), "standard output or a file")
    shown = where.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return FilesFailed(Problem(where=shown, fact=f"{fact} ({error.strerror})", hint=hint))
