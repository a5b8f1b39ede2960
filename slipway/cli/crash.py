"""An exception that is no `BuildError`, as one that is: the system's refusal of a file, or a bug with a log."""

from __future__ import annotations

import errno
import math
import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slipway.core.errors import BuildError, FilesFailed, Internal, Problem, files_failed

LOG = "error.log"
"""Below build/; each bug replaces it."""
LITTLE = 16 * 2**20
"""Bytes. A file system with less is the full one."""
WRITTEN = ("build", "deploy", ".registry", ".tools", "site", "charts", "umbrella", "values")
"""Folders that tasks write to."""
SECRET = re.compile(r"PASS|TOKEN|SECRET|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
"""What the name of a variable or flag has when its value is a secret."""
USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def report(error: BaseException, root: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> BuildError:
    """What people see of an exception; the log has all of it.

    Args:
        error: the exception.
        root: the checkout; its build/ gets the log.
        arguments: the command line.
        environ: its secrets are taken out of the log.
    """
    if isinstance(error, OSError) and (refused := files_failed(error)) is not None:
        return FilesFailed(located(problem, error, root) for problem in refused.problems)
    text = redacted(log_text(error, root, arguments), environ)
    fact = redacted(f"a bug in slipway: {summary(error)}", environ)
    log = root / "build" / LOG
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text, encoding="utf-8")
    except OSError as refusal:
        evidence = (f"{log} cannot be written: {refusal.strerror}", *text.splitlines())
        return Internal(Problem(where="./inv", fact=fact, evidence=evidence))
    return Internal(Problem(where="./inv", fact=fact, evidence=(f"versions and traceback: {log}",), hint=f"cat {log}"))


def located(problem: Problem, error: OSError, root: Path) -> Problem:
    """The problem with the place that people have to look at: the full disk, or the file where a folder should be."""
    if error.filename is None and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        places = (*map(root.joinpath, WRITTEN), root, Path(tempfile.gettempdir()))
        room, place = min((room_of(path), number) for number, path in enumerate(places))
        return replace(problem, where=relative(str(places[place]), root)) if room < LITTLE else problem
    if error.errno == errno.ENOTDIR and error.filename is not None:
        for parent in Path(os.fsdecode(error.filename)).parents:
            if parent.is_file():
                hint = f"rm '{parent}'"
                return replace(
                    problem, where=relative(str(parent), root), fact="is a file, and a folder belongs there", hint=hint
                )
    return replace(problem, where=relative(problem.where, root))


def room_of(path: Path) -> float:
    """The bytes that are left on the file system of a folder; what was written there may be tidied up by now."""
    try:
        state = os.statvfs(path)
    except OSError:
        return math.inf
    return state.f_bavail * state.f_frsize


def relative(path: str, root: Path) -> str:
    """A path as messages have it: relative to the checkout when it is below."""
    return str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path


def summary(error: BaseException) -> str:
    """The type and the first line of the text."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def log_text(error: BaseException, root: Path, arguments: Sequence[str]) -> str:
    """What is needed to find the bug."""
    facts = {
        "command": " ".join(["./inv", *without_secrets(arguments)]),
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "slipway": commit_of(Path(__file__).resolve().parents[2]) or "unknown commit",
        "checkout": str(root),
        "tools": tools_of(root),
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    return "\n".join([*lines, "", *traceback.format_exception(error)])


def without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    """The command line; nothing of what kubectl gets, and no value of a flag that is named like a secret."""
    if list(arguments[:2]) == ["lab", "kubectl"]:
        yield from ("lab", "kubectl", "…")
        return
    hidden = False
    for argument in arguments:
        flag, sign, _ = argument.partition("=")
        secret = argument.startswith("-") and SECRET.search(flag) is not None
        yield "…" if hidden else f"{flag}=…" if secret and sign else argument
        hidden = secret and not sign


def redacted(text: str, environ: Mapping[str, str]) -> str:
    """A text without the secrets of the environment, and without passwords in addresses."""
    for name, value in environ.items():
        if len(value) > 5 and SECRET.search(name):
            text = text.replace(value, "…")
    return USER_INFO.sub("…", text)


def commit_of(root: Path) -> str:
    """The commit of a checkout, read from its files; empty when there is none."""
    folder = root / ".git"
    try:
        if folder.is_file():
            folder = root / folder.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head
        ref = head.removeprefix("ref:").strip()
        common = (
            folder / (folder / "commondir").read_text(encoding="utf-8").strip()
            if (folder / "commondir").is_file()
            else folder
        )
        if (common / ref).is_file():
            return (common / ref).read_text(encoding="utf-8").strip()
        packed = (common / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {ref}")), "")
    except OSError:
        return ""


def tools_of(root: Path) -> str:
    """The built tools, by the names of their folders."""
    try:
        found = sorted(
            path.name for path in (root / ".tools").iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    except OSError:
        return "none"
    return ", ".join(found) or "none"
