"""One lab for many tests: each test delivers a monorepo of its own, under names of its own, to the same cluster.

The environment, the umbrellas and the services of a `Platform` carry its name, so ApplicationSets, projects, namespaces and
charts of two tests never meet; the library is the real one for all of them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.cluster import applications
from slipway.cluster.applications import Application
from slipway.context import open_context
from slipway.core.model import ChartName, Pin
from slipway.lab import lab, provide
from slipway.lab.lab import Lab
from slipway.lab.place import Place
from slipway.release import diff, plan
from slipway.release.survey import plan_of
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.process import wait_until
from slipway.util.mapping import dig
from testing.monorepo import ROOT, Monorepo
from testing.product import copy_product

WAIT_S = 90.0
"""How long a change may take to reach the cluster; it takes a few seconds."""
WHOLE_S = 600.0
"""How long the whole platform may take to become healthy in an empty cluster; it takes two or three minutes on two cores."""

VALUES = """\
controllers:
  {name}:
    strategy: Recreate
    containers:
      app:
        image: {{repository: registry.example.org/{name}, tag: 1.0.0}}
        env:
          GREETING: hello
        probes:
          readiness: {{port: http, path: /}}
        resources:
          requests: {{cpu: 10m, memory: 16Mi}}
          limits: {{memory: 32Mi}}
service:
  {name}:
    ports:
      http: {{port: 8080}}
persistence:
  config:
    size: 1Gi
    mounts:
      app:
        - path: /config
"""
"""A service with a volume."""

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}}}
spec:
  group: {group}
  names: {{kind: {kind}, plural: {plural}, singular: {singular}, listKind: {kind}List}}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}
"""


def definition(kind: str, group: str, spec: str) -> str:
    """The definition of a kind, whose `spec` has this schema (a flow mapping)."""
    return DEFINITION.format(kind=kind, singular=kind.lower(), plural=f"{kind.lower()}s", group=group, spec=spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A monorepo in the shared lab."""

    repo: Monorepo
    place: Place
    name: str
    """Its environment."""

    @property
    def lab(self) -> Lab:
        """The wiring over the files as they are now."""
        context = open_context(self.repo.root, os.environ, quiet=True)
        return Lab(place=self.place, context=lab.lab_context(context, self.place), environment=self.name)

    @property
    def kubectl(self) -> Kubectl:
        """The cluster's administrator."""
        return self.lab.kubectl

    @property
    def umbrellas(self) -> tuple[str, ...]:
        """The names of its Applications and namespaces."""
        return tuple(sorted(path.name for path in (self.repo.root / "umbrella").iterdir()))

    def service(self, name: str, extra: str = "", version: str = "1.0.0") -> None:
        """A service on the real library; `extra` is appended to its values."""
        self.repo.service(name, version=version, library=library_version())
        self.repo.write(f"charts/{name}/values.yaml", VALUES.format(name=name) + extra)
        schema = (ROOT / "charts/sonarr/values.schema.json").read_text(encoding="utf-8").replace("sonarr", name)
        self.repo.write(f"charts/{name}/values.schema.json", schema)

    def raise_version(self, chart: str, version: str) -> None:
        """Give a service another version, and its umbrella the same one for itself and for the member."""
        edit(self.repo, f"charts/{chart}/Chart.yaml", {"version": version})
        for umbrella in self.umbrellas:
            path = f"umbrella/{umbrella}/Chart.yaml"
            data = yaml.safe_load(self.repo.read(path))
            members = [{**dep, "version": version} if dep["name"] == chart else dep for dep in data["dependencies"]]
            if members != data["dependencies"]:
                edit(self.repo, path, {"dependencies": members, "version": version})

    def publish(self, *, secrets: bool = True) -> Mapping[ChartName, Pin]:
        """Publish the working tree; returns the pins.

        Args:
            secrets: whether those that nobody provides are created, and their namespaces.
        """
        here = self.lab
        built = lab.build(here.context)
        provide.provide_storage(here, built)
        if secrets:
            provide.provide_secrets(here)
        lab.publish_tree(here, built)
        return plan.pins_of(here.context.workspace, plan_of(here.context))

    def pin(self, pins: Mapping[ChartName, Pin]) -> None:
        """Deliver these pins to Argo CD."""
        here = self.lab
        lab.hand_over(here, lab.files_of(here, pins))

    def release(self) -> Mapping[ChartName, Pin]:
        """Publish the working tree and pin it; does not wait."""
        pins = self.publish()
        self.pin(pins)
        return pins

    def settle(
        self,
        names: Sequence[str] = (),
        accept: Callable[[Application], bool] = lambda application: application.healthy,
        wait_s: float = WAIT_S,
    ) -> Mapping[str, Application]:
        """Wait until the Applications are healthy; fails after `wait_s`."""
        found = applications.wait_until_healthy(
            self.kubectl, "argocd", tuple(names) or self.umbrellas, wait_s=wait_s, accept=accept
        )
        return {item.name: item for item in found}

    def application(self, name: str) -> Application:
        """The status of one Application now."""
        (found,) = (item for item in applications.read(self.kubectl, "argocd") if item.name == name)
        return found

    def refresh(self, name: str, how: str = "hard") -> None:
        """Have an Application compared again and wait for it; `hard` takes nothing from a cache, `normal` does."""
        before = self.application(name).reconciled
        where = ("application", name, "-n", "argocd")
        self.kubectl("annotate", *where, f"argocd.argoproj.io/refresh={how}", "--overwrite")
        self.until(lambda: self.application(name).reconciled != before)

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait for a condition; fails when it is not met in time."""
        assert wait_until(condition, WAIT_S), what or "the condition was not met in time"

    def find(self, kind: str, name: str, namespace: str) -> Data | None:
        """An object of the cluster, or None."""
        return self.kubectl.find(kind, name, "-n", namespace)

    def uid(self, kind: str, name: str, namespace: str) -> str:
        """Distinguishes a recreated object from the same one."""
        found = self.find(kind, name, namespace)
        assert found is not None, f"{kind} {name} is not in {namespace}"
        return str(dig(found, "metadata")["uid"])

    def pods(self, namespace: str) -> dict[str, str]:
        """The pods of a namespace that are not terminating: UID by the name of their service."""
        return {
            str(dig(pod, "metadata", "labels").get("app.kubernetes.io/name")): str(dig(pod, "metadata")["uid"])
            for pod in self.kubectl.items("pods", "-n", namespace)
            if "deletionTimestamp" not in dig(pod, "metadata")
        }

    def rendered(self, umbrella: str) -> tuple[Object, ...]:
        """The offline render of an umbrella for this environment."""
        here = self.lab
        built: Mapping[ChartName, Built] = lab.build(here.context)
        return diff.render_umbrella(here.context, built[ChartName(umbrella)], self.name)


MakePlatform = Callable[..., Platform]
"""The `deliver` fixture: name, umbrellas and settings, as `platform` takes them."""


def library_version() -> str:
    """Of the real library."""
    text = (ROOT / "charts/common/Chart.yaml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["version"])


def edit(repo: Monorepo, path: str, fields: Mapping[str, object]) -> None:
    """Replace top-level fields of a YAML file."""
    data = yaml.safe_load(repo.read(path))
    repo.write(path, yaml.safe_dump({**data, **fields}, sort_keys=False))


def platform(
    root: Path, place: Place, name: str, umbrellas: Mapping[str, Sequence[str]] | None = None, **settings: object
) -> Platform:
    """A monorepo with one umbrella of two services, or with these umbrellas, all called after `name`.

    Args:
        root: where it is written.
        place: the lab that it is delivered to.
        name: its environment, and the first part of every other name.
        umbrellas: umbrella → services; the platform's name is put before each.
        settings: `[tool.slipway]` besides the environments.
    """
    made = Platform(repo=Monorepo(root=root), place=place, name=name)
    made.repo.configure(environments=[name], **settings)
    shutil.copytree(ROOT / "charts/common", root / "charts/common")
    for umbrella, services in (umbrellas or {"": ["one", "two"]}).items():
        members = [f"{name}-{service}" for service in services]
        for member in members:
            made.service(member)
        made.repo.umbrella(f"{name}-{umbrella}".rstrip("-"), members)
    values = (ROOT / "tests/values/staging/platform.yaml").read_text(encoding="utf-8")
    made.repo.write(f"values/{name}/platform.yaml", values)
    return made


def checkout(root: Path, place: Place) -> Platform:
    """This repository's own charts, in a folder of the test's."""
    copy_product(root, "charts", "umbrella", "values", "tools/crds/generated", "pyproject.toml")
    return Platform(repo=Monorepo(root=root), place=place, name="staging")


def as_json(data: object) -> str:
    """For comparisons whose differences a person reads."""
    return json.dumps(data, indent=2, sort_keys=True)
