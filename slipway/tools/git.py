"""git, read-only: the current revision, what changed, and the files of another revision.

Argument vectors are pure functions, methods run them.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.tools.run import Command, Completed, Runner, tail

QUIET = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
"""English messages, no questions, and no lock for refreshing the index while another git runs."""


def head_args() -> tuple[str, ...]:
    """The checked-out commit."""
    return ("rev-parse", "--verify", "--quiet", "HEAD")


def resolve_args(revision: str) -> tuple[str, ...]:
    """The commit of a revision; `--end-of-options` keeps a name with a dash from being read as a flag."""
    return ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")


def status_args(paths: Sequence[str] = ()) -> tuple[str, ...]:
    """What differs from the checked-out commit, untracked files too; NUL-separated."""
    return ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *(paths or (".",)))


def changed_args(base: str, paths: Sequence[str] = ()) -> tuple[str, ...]:
    """Tracked paths whose content differs between a revision and the working tree; NUL-separated."""
    return ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, "--", *(paths or (".",)))


def prefix_args() -> tuple[str, ...]:
    """Path of the working folder below the top of the repository; git names paths from there."""
    return ("rev-parse", "--show-prefix")


def show_args(commit: str, path: str) -> tuple[str, ...]:
    """A file of a commit; the path is relative to the working folder."""
    return ("cat-file", "blob", f"{commit}:./{path}")


def archive_args(commit: str, destination: Path) -> tuple[str, ...]:
    """The tree of a commit as a tar file; below the working folder only."""
    return ("archive", "--format=tar", f"--output={destination}", commit)


def introduced_args(text: str, path: str) -> tuple[str, ...]:
    """The newest commit that brought a text into a file, or took it away."""
    return ("log", "--max-count=1", "--format=%H", f"-S{text}", "--", path)


def history_args(path: str) -> tuple[str, ...]:
    """The commits that changed a path, the newest first, each with the day when it was made."""
    return ("log", "--format=%H %cs", "--", path)


def config_args(key: str) -> tuple[str, ...]:
    """A setting of git."""
    return ("config", "--get", key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The git of this machine, working in one checkout."""

    run: Runner
    root: Path
    program: str = "git"

    def __call__(self, *args: str, ok_codes: frozenset[int] | None = frozenset({0})) -> Completed:
        """Run git in the checkout.

        Raises:
            ToolMissing: there is no git.
            ToolFailed: it ended with a code outside `ok_codes`.
            WorkspaceError: the folder is not in a git repository.
        """
        argv = (self.program, "-C", str(self.root), *args)
        done = self.run(Command(argv=argv, env=QUIET, ok_codes=None))
        if "not a git repository" in done.stderr:
            raise WorkspaceError(
                Problem(
                    where=str(self.root),
                    fact="is not a git repository",
                    hint="clone the repository instead of copying its files, or run: git init",
                    rule="git.repository",
                )
            )
        if "dubious ownership" in done.stderr:
            raise WorkspaceError(
                Problem(
                    where=str(self.root),
                    fact="belongs to another user, so git does not read it",
                    hint=f"git config --global --add safe.directory {self.root}",
                    rule="git.ownership",
                )
            )
        if ok_codes is not None and done.code not in ok_codes:
            shown = Command(argv=argv)
            raise ToolFailed(
                Problem(
                    where="git", fact=f"ended with exit code {done.code}", evidence=(f"+ {shown}", *tail(done.stderr))
                )
            )
        return done

    def head(self) -> str | None:
        """The checked-out commit, 40 or 64 hex digits; None before the first one."""
        return self(*head_args(), ok_codes=frozenset({0, 1})).stdout.strip() or None

    def resolve(self, revision: str) -> str:
        """The commit that a branch, tag or abbreviated digest names.

        Raises:
            WorkspaceError: there is no such revision here.
        """
        done = self(*resolve_args(revision), ok_codes=None)
        if done.code or not revision:
            raise WorkspaceError(
                Problem(
                    where="revision",
                    fact=f"git knows no {revision!r}",
                    hint="name a branch, tag or commit; in a shallow clone: git fetch --unshallow",
                    rule="git.revision",
                )
            )
        return done.stdout.strip()

    def changed_paths(self, base: str | None = None, paths: Sequence[str] = ()) -> tuple[str, ...]:
        """Paths, relative to the root, that differ from a revision, and untracked files.

        Args:
            base: the revision; the checked-out commit when None.
            paths: look at these only.

        Raises:
            WorkspaceError: there is no such revision.
        """
        states = [entry for entry in self(*status_args(paths)).stdout.split("\0") if entry]
        if base is not None:
            listed = self(*changed_args(self.resolve(base), paths)).stdout.split("\0")
            states = [entry for entry in states if entry[:2] == "??"] + [f"   {path}" for path in listed if path]
        prefix = self(*prefix_args()).stdout.rstrip("\n")
        return tuple(sorted({entry[3:].removeprefix(prefix) for entry in states}))

    def show(self, revision: str, path: str) -> str | None:
        """A text file of a revision; None when the revision does not have it.

        Raises:
            WorkspaceError: there is no such revision.
        """
        done = self(*show_args(self.resolve(revision), path), ok_codes=None)
        return None if done.code else done.stdout

    def history(self, path: str) -> tuple[tuple[str, str], ...]:
        """The commits of this branch that changed a path, the newest first, with their ISO dates; none before the first one."""
        if self.head() is None:
            return ()
        lines = self(*history_args(path)).stdout.splitlines()
        return tuple((commit, day) for commit, _, day in (line.partition(" ") for line in lines))

    def export(self, revision: str, destination: Path) -> str:
        """Write the files of a revision into an empty folder and return the commit; the working tree is not touched.

        Raises:
            WorkspaceError: there is no such revision, or the folder is not empty.
        """
        commit = self.resolve(revision)
        destination.mkdir(parents=True, exist_ok=True)
        if any(destination.iterdir()):
            raise WorkspaceError(Problem(where=str(destination), fact="is not empty"))
        packed = destination / ".export.tar"
        try:
            self(*archive_args(commit, packed.resolve()))
            content = packed.read_bytes()
        finally:
            packed.unlink(missing_ok=True)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            # an archive of git has plain members below one folder. The filter came with Python 3.11.4.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(destination, **safe)  # type: ignore[arg-type]  # noqa: S202
        return commit

    def introduced(self, text: str, path: str) -> str | None:
        """The newest commit that brought a text into a file that has it; None when none did."""
        return self(*introduced_args(text, path)).stdout.strip() or None

    def user(self) -> str | None:
        """`Name <address>` as commits have it; None when it is not set."""
        name = self(*config_args("user.name"), ok_codes=frozenset({0, 1})).stdout.strip()
        address = self(*config_args("user.email"), ok_codes=frozenset({0, 1})).stdout.strip()
        return f"{name} <{address}>" if name and address else name or None
