"""Every image that runs is one that Renovate finds, so that none grows old unseen."""

import json
import re
from collections.abc import Iterator

import pytest

from slipway.core.model import ChartKind
from slipway.policy.images import images_in
from testing.rendering import Repository, charts
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

Manager = dict[str, list[str]]
UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]


def image_managers() -> list[Manager]:
    """The parts of renovate.json that look for images."""
    settings = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    return [manager for manager in settings["customManagers"] if manager["datasourceTemplate"] == "docker"]


def found_by(manager: Manager) -> Iterator[str]:
    """The images that a manager finds in the files of its patterns, as Renovate's own groups name them."""
    patterns = [re.compile(pattern.strip("/")) for pattern in manager["managerFilePatterns"]]
    expressions = [re.compile(text.replace("(?<", "(?P<")) for text in manager["matchStrings"]]
    for folder in ("charts", "umbrella", "values"):
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            name = path.relative_to(ROOT).as_posix()
            if any(pattern.search(name) for pattern in patterns):
                text = path.read_text(encoding="utf-8")
                for match in (match for expression in expressions for match in expression.finditer(text)):
                    digest = match["currentDigest"]
                    yield f"{match['depName']}:{match['currentValue']}{f'@{digest}' if digest else ''}"


@pytest.mark.parametrize("umbrella", UMBRELLAS)
def test_renovate_finds_every_image_that_an_umbrella_renders(repository: Repository, umbrella: str) -> None:
    found = {image for manager in image_managers() for image in found_by(manager)}
    rendered = {
        image.reference: f"{case.label}: {item.title}, {image.place}"
        for case in repository.cases(umbrella)
        for item in repository.rendered(case).objects
        for image in images_in(item)
    }
    assert rendered
    assert {image: where for image, where in rendered.items() if image not in found} == {}


@pytest.mark.parametrize("manager", image_managers(), ids=lambda manager: str(manager["description"]))
def test_each_pattern_of_renovate_finds_something(manager: Manager) -> None:
    assert list(found_by(manager))
