"""A newer release of the platform, merged into the checked-out branch; what only people can decide is left to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.tools.git import Git
from slipway.tools.git_merge import Merging
from slipway.upgrade import settle
from slipway.workspace import graph

REMOTE = "upstream"
RELEASE = re.compile(rf"v({graph.SEMVER.pattern})")
"""Tags of the platform's releases."""
AGAIN = "edit the files, run `git add` for each, then ./inv upgrade again; or go back: ./inv upgrade --undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is taken."""

    name: str
    """As people call it: `v1.2.0`, or `upstream/main`."""
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A merge that waits for its commit."""

    target: Target
    settled: tuple[str, ...]
    """Paths that both sides changed, and that were merged by what they mean."""
    left: tuple[str, ...]
    """Paths that a person decides."""


def require_clean(git: Git) -> None:
    """Refuse to begin on top of changes that are not committed.

    Raises:
        ProblemsFound: there are some.
    """
    states = [
        entry for entry in git("status", "--porcelain=v1", "-z", "--untracked-files=no").stdout.split("\0") if entry
    ]
    if states:
        raise ProblemsFound(
            Problem(
                where="checkout",
                fact="has changes that are not committed, which an upgrade would mix with its own",
                evidence=tuple(states[:10]),
                hint="git add --all && git commit",
            )
        )


def target_of(merging: Merging, wanted: str) -> Target:
    """The revision that `--to` names, or the newest release.

    Raises:
        WorkspaceError: there is no remote to take it from, or no such revision.
        ToolFailed: the remote does not answer.
    """
    remotes = merging.remotes()
    remote, _, branch = wanted.partition("/")
    if wanted and remote in remotes and branch:
        return Target(name=wanted, commit=merging.fetch(remote, branch))
    if REMOTE not in remotes:
        raise WorkspaceError(
            Problem(
                where="git",
                fact=f"has no remote {REMOTE!r}, from which releases of the platform come",
                evidence=(f"remotes: {', '.join(remotes) or 'none'}",),
                hint=f"git remote add {REMOTE} URL",
            )
        )
    if wanted:
        return Target(name=wanted, commit=merging.fetch(REMOTE, wanted))
    if (newest := newest_release(merging.tags_of(REMOTE))) is not None:
        return Target(name=newest, commit=merging.fetch(REMOTE, f"refs/tags/{newest}"))
    return Target(name=f"{REMOTE}/HEAD", commit=merging.fetch(REMOTE, "HEAD"))


def newest_release(tags: tuple[str, ...]) -> str | None:
    """The tag of the highest version that is no prerelease."""
    import semver

    found = {tag: semver.Version.parse(tag[1:]) for tag in tags if RELEASE.fullmatch(tag)}
    stable = [tag for tag, version in found.items() if not version.prerelease]
    return max(stable, key=lambda tag: found[tag], default=None)


def merge(merging: Merging, config: Config, target: Target) -> Merged:
    """Merge, settle what can be settled, and keep what is the operator's.

    Raises:
        ToolFailed: git refuses.
    """
    merging.begin(target.commit)
    done: list[str] = []
    left: list[str] = []
    for path, sides in merging.unmerged().items():
        try:
            content = settle.settled(path, sides, merging.merged)
        except settle.Undecided:
            left.append(path)
            continue
        merging.settle(path, content)
        done.append(path)
    for path in strangers(merging, config, target):
        merging.settle(path, None)
    return Merged(target=target, settled=tuple(done), left=tuple(left))


def strangers(merging: Merging, config: Config, target: Target) -> Iterator[str]:
    """Files of environments and pins that only the release has: this home has no such environment."""
    ours = {*merging.tracked("values", "HEAD"), *merging.tracked("deploy", "HEAD")}
    for path in (*merging.tracked("values", target.commit), *merging.tracked("deploy", target.commit)):
        environment = path.split("/")[1]
        foreign = environment not in config.environments or path.startswith("deploy/")
        if path not in ours and foreign and (config.root / path).is_file():
            yield path


@contextmanager
def scratch(git: Git, folder: Path) -> Iterator[Git]:
    """A work tree of the checked-out commit, for the time of a block."""
    git("worktree", "add", "--quiet", "--detach", str(folder), "HEAD")
    try:
        yield Git(run=git.run, root=folder)
    finally:
        git("worktree", "remove", "--force", str(folder))


def decisions(left: tuple[str, ...]) -> ProblemsFound:
    """What a person decides."""
    return ProblemsFound(
        Problem(where=path, fact="was changed here and in the release, at the same place", hint=AGAIN) for path in left
    )
