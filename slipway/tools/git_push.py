"""Committing some paths of a checkout and no others, and pushing its branch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from slipway.core.errors import Problem, ProblemsFound, ToolFailed
from slipway.tools.git import Git
from slipway.tools.run import tail

SET_REMOTE = "git remote add origin URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit that the remote does not have."""

    name: str
    subject: str
    paths: tuple[str, ...]
    """Relative to the top of the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where a branch is pushed."""

    name: str
    branch: str
    commits: tuple[Commit, ...]
    """Those that it does not have, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Commits and pushes of one checkout."""

    git: Git

    def remote(self) -> Remote:
        """Where the branch is pushed, and what is not there yet, as the remote says it now.

        Raises:
            ProblemsFound: no branch is checked out, there is no remote, or it has commits that are not here.
            ToolFailed: the remote does not answer.
        """
        branch = self.line("symbolic-ref", "--quiet", "--short", "HEAD")
        if not branch:
            raise refused("HEAD", "is no branch, so there is nothing to push to", "git switch BRANCH")
        remotes = self.git("remote").stdout.split()
        named = self.line("config", "--get", f"branch.{branch}.remote")
        name = named or ("origin" if "origin" in remotes or len(remotes) != 1 else remotes[0])
        if name not in remotes:
            raise refused("git", f"there is no remote {name}: Argo CD reads what is pushed", SET_REMOTE)
        listed = self.git("ls-remote", name, f"refs/heads/{branch}").stdout.split()
        since: tuple[str, ...] = ()
        if listed:
            if self.git("cat-file", "-e", f"{listed[0]}^{{commit}}", ok_codes=None).code:
                raise refused(name, f"has commits of {branch} that are not here", "git pull --rebase")
            since = (f"^{listed[0]}",)
        names = self.git("rev-list", "HEAD", *since).stdout.split() if self.git.head() else []
        return Remote(name=name, branch=branch, commits=tuple(map(self.commit_of, names)))

    def line(self, *args: str) -> str:
        """What git answers in one line; empty when it has no answer."""
        return self.git(*args, ok_codes=None).stdout.strip()

    def commit_of(self, name: str) -> Commit:
        """A commit, with what it changes."""
        subject = self.git("show", "--no-patch", "--format=%s", name).stdout.strip()
        listed = self.git("diff-tree", "--root", "-r", "-z", "--no-commit-id", "--name-only", name).stdout
        return Commit(name=name, subject=subject, paths=tuple(filter(None, listed.split("\0"))))

    def commit(self, paths: Sequence[str], message: str) -> None:
        """Commit these paths as they are; what else is changed or staged stays so.

        Raises:
            ToolFailed: git refuses, such as for a name and an address that are not set, or for a hook.
        """
        self.git("add", "--all", "--", *paths)
        done = self.git("commit", "--quiet", f"--message={message}", "--only", "--", *paths, ok_codes=None)
        if done.code:
            raise failed("git commit", "refuses", done.stderr or done.stdout)

    def push(self, remote: Remote) -> None:
        """Push the branch.

        Raises:
            ToolFailed: the remote refuses, or wants a password.
        """
        target = f"HEAD:refs/heads/{remote.branch}"
        done = self.git("push", "--quiet", remote.name, target, ok_codes=None)
        if done.code:
            raise failed(f"git push {remote.name} {remote.branch}", "failed", done.stderr)


def foreign(commits: Sequence[Commit], folders: Collection[str]) -> tuple[Commit, ...]:
    """The commits that change something outside of these folders and files. Pure."""

    def inside(path: str) -> bool:
        return any(path == folder or path.startswith(f"{folder}/") for folder in folders)

    return tuple(commit for commit in commits if not all(map(inside, commit.paths)))


def refused(where: str, fact: str, hint: str) -> ProblemsFound:
    """What a person must decide about the repository."""
    return ProblemsFound(Problem(where=where, fact=fact, hint=hint))


def failed(where: str, fact: str, output: str) -> ToolFailed:
    """A command of git that failed, with what it said."""
    hint = "run it yourself, then run this again"
    return ToolFailed(Problem(where=where, fact=fact, evidence=tail(output, 5), hint=hint))
