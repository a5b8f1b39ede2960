"""The workflows of GitHub: what they run is pinned, and a pull request that one opens is checked like any other."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from slipway.util import yaml
from slipway.util.mapping import dig, listing
from testing.workspaces import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHECKS = ROOT / ".github" / "workflows" / "pull-request.yml"
BY_COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def jobs(path: Path) -> Iterator[Mapping[str, object]]:
    """The jobs of a workflow."""
    yield from (dig(job) for job in dig(workflow(path), "jobs").values())


def workflow(path: Path) -> object:
    """A workflow: GitHub reads YAML 1.2, where the key `on` is text."""
    (data,) = yaml.load_all(path.read_text(encoding="utf-8").replace("\non:", '\n"on":'))
    return data


def uses(path: Path) -> list[str]:
    """The actions and workflows that a workflow uses."""
    found = [entry.get("uses") for job in jobs(path) for entry in (job, *listing(job, "steps"))]
    return [str(name) for name in found if name is not None]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_used_by_its_commit_and_names_its_version(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = {line.partition("uses:")[2].strip() for line in text.splitlines() if line.lstrip(" -").startswith("uses:")}
    # What the workflow has is what the lines say: an action in another form of YAML would be seen by none of them.
    assert {name.partition(" ")[0] for name in named} == set(uses(path)) != set()
    assert [name for name in sorted(named) if not BY_COMMIT.fullmatch(name)] == []


def test_a_workflow_that_opens_a_pull_request_starts_its_checks() -> None:
    # What a workflow's own token pushes or opens starts no workflow but by workflow_dispatch.
    # Source: docs.github.com, Triggering a workflow from a workflow.
    opening = {
        path: job
        for path in WORKFLOWS
        for job in jobs(path)
        if any("gh pr create" in str(step.get("run")) for step in listing(job, "steps"))
    }
    assert opening
    for job in opening.values():
        run = " ".join(str(step.get("run")) for step in listing(job, "steps"))
        assert run.index("gh pr create") < run.index(f"gh workflow run {CHECKS.name} --ref locks")
        assert dig(job, "permissions")["actions"] == "write"
    assert {"pull_request", "workflow_dispatch"} <= dig(workflow(CHECKS), "on").keys()


def test_the_checks_know_the_pull_request_however_they_were_started() -> None:
    text = CHECKS.read_text(encoding="utf-8")
    read = re.findall(r"github\.event\.pull_request\.(?:number|base\.sha)(?P<otherwise>[^}]*)", text)
    assert read
    assert all(otherwise.startswith(" || ") for otherwise in read)
