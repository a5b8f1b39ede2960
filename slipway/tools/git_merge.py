"""Taking another line of commits with git: what a remote has, a merge that waits for its commit, and the way back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import Problem, ToolFailed
from slipway.tools.git import Git
from slipway.tools.run import tail
from slipway.util.files import write_atomic

BEFORE = "refs/slipway/before-upgrade"
"""The commit that was checked out when the last upgrade began."""
DETACHED = ("-c", "merge.conflictStyle=merge", "-c", "merge.renames=true", "-c", "commit.gpgSign=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A path that git could not merge: its content at the common ancestor, here and there; None where it does not exist."""

    base: bytes | None
    ours: bytes | None
    theirs: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """Merges in one checkout."""

    git: Git

    def remotes(self) -> tuple[str, ...]:
        """Names of the remotes."""
        return tuple(self.git("remote").stdout.split())

    def tags_of(self, remote: str) -> tuple[str, ...]:
        """The tags that a remote has now.

        Raises:
            ToolFailed: it does not answer.
        """
        lines = self.git("ls-remote", "--tags", "--refs", remote).stdout.splitlines()
        return tuple(line.rpartition("refs/tags/")[2] for line in lines)

    def fetch(self, remote: str, revision: str) -> str:
        """The commit of a branch or tag of a remote, brought here.

        Raises:
            ToolFailed: it does not answer, or has no such revision.
        """
        self.git("fetch", "--quiet", "--no-tags", remote, revision)
        return self.git.resolve("FETCH_HEAD")

    def ancestor(self, one: str, other: str) -> str | None:
        """The last commit that two have in common."""
        return self.git("merge-base", one, other, ok_codes=frozenset({0, 1})).stdout.strip() or None

    def subjects(self, since: str, until: str) -> tuple[str, ...]:
        """First lines of the messages of the commits that one has and another does not, newest first."""
        return tuple(self.git("log", "--no-merges", "--format=%s", f"{since}..{until}").stdout.splitlines())

    @property
    def pending(self) -> str | None:
        """The commit that a merge which waits for its commit takes in; None when there is none."""
        return (
            self.git("rev-parse", "--verify", "--quiet", "MERGE_HEAD", ok_codes=frozenset({0, 1})).stdout.strip()
            or None
        )

    def begin(self, commit: str) -> None:
        """Merge a commit into the working tree, and leave the commit of it to the caller; conflicts are left, too.

        Raises:
            ToolFailed: git did not begin, such as for a file that it would overwrite.
        """
        self.git("update-ref", BEFORE, "HEAD")
        arguments = (*DETACHED, "merge", "--no-commit", "--no-ff", "--quiet", commit)
        done = self.git(*arguments, ok_codes=None)
        if done.code and not self.pending:
            fact = "git refuses to merge"
            raise ToolFailed(Problem(where="git", fact=fact, evidence=tail(done.stderr or done.stdout)))

    def unmerged(self) -> dict[str, Sides]:
        """Every path that git could not merge."""
        blobs: dict[str, dict[str, bytes]] = {}
        for entry in filter(None, self.git("ls-files", "--unmerged", "-z").stdout.split("\0")):
            fields, _, path = entry.partition("\t")
            _, blob, stage = fields.split()
            blobs.setdefault(path, {})[stage] = self.git("cat-file", "blob", blob).stdout.encode()
        return {path: Sides(base=of.get("1"), ours=of.get("2"), theirs=of.get("3")) for path, of in blobs.items()}

    def merged(self, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        """Three versions of a text as one; None when both sides changed the same lines."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
                paths.append(str(Path(folder, name)))
                Path(folder, name).write_bytes(text)
            done = self.git("merge-file", "-p", "--quiet", *paths, ok_codes=None)
        return done.stdout.encode() if done.code == 0 else None

    def settle(self, path: str, content: bytes | None) -> None:
        """Decide a path: this content, or none."""
        if content is None:
            self.git("rm", "--quiet", "--force", "--", path)
            return
        write_atomic(self.git.root / path, content)
        self.stage([path])

    def stage(self, paths: Iterable[str]) -> None:
        """Take paths into the next commit, as they are in the working tree."""
        if listed := list(paths):
            self.git("add", "--", *listed)

    def tracked(self, folder: str, commit: str) -> tuple[str, ...]:
        """The files of a commit below a folder."""
        listed = self.git("ls-tree", "-r", "-z", "--name-only", commit, "--", folder).stdout
        return tuple(filter(None, listed.split("\0")))

    def finish(self, message: str) -> str:
        """Commit the merge with all changes of tracked files; returns the commit."""
        self.git(*DETACHED, "commit", "--quiet", "--all", "--no-verify", f"--message={message}")
        return self.git.resolve("HEAD")

    def untracked(self) -> list[str]:
        """Files that git neither has nor ignores, relative to the root of the checkout."""
        listed = self.git("ls-files", "--others", "--exclude-standard", "-z").stdout
        return [path for path in listed.split("\0") if path]

    def is_new_changelog(self, path: str) -> bool:
        """Whether a file that is not in the commit is the changelog of a chart that is."""
        folder, _, name = path.rpartition("/")
        if name != "CHANGELOG.md" or not folder:
            return False
        return self.git("cat-file", "-e", f"HEAD:./{folder}/Chart.yaml", ok_codes=None).code == 0

    def undo(self) -> str:
        """Back to where the last upgrade began; returns that commit. Changes of other files stay.

        Raises:
            ToolFailed: there was none, or commits followed it.
        """
        if self.pending:
            # A chart of this commit that had no changelog got one with its new version: as a file of the index it goes too.
            if new := [path for path in self.untracked() if self.is_new_changelog(path)]:
                self.git("add", "--", *new)
            # `merge --abort` refuses where versions were raised after the merge; nothing else was changed before it.
            self.git("reset", "--quiet", "--hard", "HEAD")
            return self.git.resolve("HEAD")
        before = self.git("rev-parse", "--verify", "--quiet", BEFORE, ok_codes=frozenset({0, 1})).stdout.strip()
        parents = self.git("log", "-1", "--format=%P").stdout.split()
        if not before or len(parents) < 2 or parents[0] != before:
            fact = "the last commit is no upgrade, so nothing is undone"
            hint = "git revert -m 1 COMMIT takes back the merge and keeps what followed it"
            raise ToolFailed(Problem(where="HEAD", fact=fact, hint=hint))
        self.git("reset", "--quiet", "--keep", before)
        return before
