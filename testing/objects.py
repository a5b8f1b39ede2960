"""What the real charts render, with the lookups of the tests of a namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS
from slipway.util import cache
from slipway.util.mapping import dig
from testing.rendering import Repository


@dataclass(frozen=True, kw_only=True)
class Pod:
    """The pod of a workload."""

    spec: Mapping[str, Any]

    @property
    def first(self) -> list[dict[str, Any]]:
        """Init containers and native sidecars, in the order in which they start."""
        return list(self.spec.get("initContainers", ()))

    @property
    def all(self) -> list[dict[str, Any]]:
        """Every container, in the order in which they start."""
        return [*self.first, *self.spec["containers"]]

    def container(self, name: str) -> dict[str, Any]:
        """One container."""
        return next(container for container in self.all if container["name"] == name)

    def env(self, name: str) -> dict[str, Any]:
        """Variable → text, or where it comes from."""
        variables = self.container(name).get("env", ())
        return {each["name"]: each.get("value", each.get("valueFrom", "")) for each in variables}

    def volume(self, name: str) -> dict[str, Any]:
        """One volume."""
        return next(volume for volume in self.spec["volumes"] if volume["name"] == name)

    def mounts(self, container: str) -> dict[str, dict[str, Any]]:
        """Path → mount."""
        return {mount["mountPath"]: mount for mount in self.container(container).get("volumeMounts", ())}


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What a chart renders with some values."""

    items: tuple[Object, ...]

    def of_kind(self, kind: str) -> list[Object]:
        """Objects of a kind."""
        return [item for item in self.items if item.kind == kind]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """The object of a kind and name."""
        return dict(next(item.data for item in self.items if (item.kind, item.name) == (kind, name)))

    def pod(self, name: str) -> Pod:
        """The pod of a workload."""
        return self.pods[name]

    @cached_property
    def pods(self) -> dict[str, Pod]:
        """Workload → its pod."""
        return {
            item.name: Pod(spec=dig(item.data, *path, "spec"))
            for kind, path in POD_TEMPLATE_PATHS.items()
            for item in self.of_kind(kind)
        }


Render = Callable[..., Objects]
"""`render(chart)`, `render(chart, "ci/x-values.yaml")` or `render(chart, {values})`."""

Attempt = Callable[..., tuple[Objects, str]]
"""The same, with helm's refusal."""


def attempt_in(repository: Repository, folder: Path) -> Attempt:
    """Renders a chart with a set of values that it has a name for, or with others, which are written into the folder."""

    def made(chart: str, values: str | Mapping[str, Any] = DEFAULTS) -> tuple[Objects, str]:
        if isinstance(values, str):
            request = repository.case(chart, values).request
        else:
            text = yaml.safe_dump(dict(values))
            path = folder / f"{cache.key_of(text)}.yaml"
            path.write_text(text, encoding="utf-8")
            request = replace(repository.case(chart, DEFAULTS).request, values=(path,))
        done = repository.renderer.render(request)
        return Objects(items=done.objects), done.error

    return made


def must(attempt: Attempt) -> Render:
    """A render that must succeed."""

    def made(chart: str, values: str | Mapping[str, Any] = DEFAULTS) -> Objects:
        objects, error = attempt(chart, values)
        assert not error, error
        return objects

    return made


def refused(attempt: Attempt) -> Callable[..., str]:
    """Helm's error for values that it must refuse."""

    def error_of(chart: str, values: Mapping[str, Any]) -> str:
        objects, error = attempt(chart, values)
        assert error, f"{chart} renders {len(objects.items)} objects, and should not"
        return error

    return error_of
