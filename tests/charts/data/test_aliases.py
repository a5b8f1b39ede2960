"""An umbrella takes one chart for several applications: each has its own database, account, cache and edges."""

import shutil
from pathlib import Path

import pytest

from slipway import policy
from slipway.build.render import Object
from slipway.release.checks import charts_in, members_of
from slipway.util.mapping import dig
from testing.product import FACTS, copy_product
from testing.rendering import Repository
from testing.workspaces import ROOT, static_problems

pytestmark = pytest.mark.helm

MEMBERS = {"photos-postgres": "postgres", "recipes-postgres": "postgres", "photos-valkey": "valkey"}

VALUES = """\
photos-postgres:
  enabled: true
  databases: {postgres: {application: photos, size: 20Gi}}
recipes-postgres:
  enabled: true
  databases: {postgres: {application: recipes}}
photos-valkey:
  enabled: true
  network:
    ingress:
      application: {from: {app: photos}, ports: [valkey], purpose: queues}
baseline:
  enabled: true
photos:
  enabled: true
recipes:
  enabled: true
"""

APPLICATION = """\
controllers:
  NAME:
    containers:
      app:
        image:
          repository: registry.test/app
          tag: 1.2.3
          digest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        env:
          DB_HOST: {secret: database, key: host}
        probes:
          liveness: {path: /, port: http}
          readiness: {path: /, port: http}
        resources:
          requests: {cpu: 10m, memory: 32Mi}
          limits: {memory: 64Mi}
service:
  NAME:
    ports:
      http: {port: 8080}
secrets:
  database: {database: NAME-postgres, keys: [host], purpose: Account}
network:
  egress:
    database: {to: {database: NAME-postgres}, ports: [5432], purpose: database}
"""


def dependency(name: str, alias: str = "") -> str:
    """A member in Chart.yaml."""
    message = f"    alias: {alias}\n" if alias else ""
    return f"  - name: {name}\n{message}    version: 1.0.0\n    repository: file://../../charts/{name}\n    condition: {alias or name}.enabled\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A monorepo with the real library and databases, and two applications."""
    made = tmp_path_factory.mktemp("monorepo")
    shutil.copytree(
        FACTS,
        made / "values",
        # The umbrella here is another one.
        ignore=lambda _, names: [name for name in names if name.endswith(".yaml") and name != "platform.yaml"],
    )
    shutil.copytree(ROOT / ".ct", made / ".ct")
    copy_product(made, "pyproject.toml")
    for chart in ("common", "baseline", "postgres", "valkey"):
        shutil.copytree(ROOT / "charts" / chart, made / "charts" / chart)
    for name in ("photos", "recipes"):
        folder = made / "charts" / name
        shutil.copytree(ROOT / "charts" / "media", folder, ignore=shutil.ignore_patterns("ci", "*.md"))
        chart = (folder / "Chart.yaml").read_text().replace("name: media", f"name: {name}")
        (folder / "Chart.yaml").write_text(chart)
        (folder / "values.yaml").write_text(APPLICATION.replace("NAME", name))
    umbrella = made / "umbrella" / "home"
    umbrella.mkdir(parents=True)
    head = "apiVersion: v2\nname: home\ndescription: Everything\ntype: application\nversion: 1.0.0\ndependencies:\n"
    entries = "".join(dependency(chart, alias) for alias, chart in MEMBERS.items())
    (umbrella / "Chart.yaml").write_text(head + entries + "".join(map(dependency, ("baseline", "photos", "recipes"))))
    (umbrella / "values.yaml").write_text(VALUES)
    return made


@pytest.fixture(scope="module")
def repository(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """It, staged and packed."""
    return Repository(folder=tmp_path_factory.mktemp("build"), root=root)


@pytest.fixture(scope="module")
def rendered(repository: Repository) -> dict[str, Object]:
    """Kind and name → object, with copies on."""
    return {item.title: item for item in repository.rendered(repository.case("home", "production")).objects}


def test_every_name_leads_to_a_member(root: Path) -> None:
    assert [str(problem) for problem in static_problems(root)] == []


def test_each_alias_is_a_cluster_of_its_own(rendered: dict[str, Object]) -> None:
    photos, recipes = rendered["Cluster photos-postgres"], rendered["Cluster recipes-postgres"]

    assert photos.at("spec", "bootstrap", "initdb", "database") == "photos"
    assert recipes.at("spec", "bootstrap", "initdb", "database") == "recipes"
    assert (photos.at("spec", "storage", "size"), recipes.at("spec", "storage", "size")) == ("20Gi", "5Gi")


def test_only_its_application_reaches_a_database(rendered: dict[str, Object]) -> None:
    def callers(name: str) -> set[str]:
        rules = rendered[f"NetworkPolicy {name}"].at("spec", "ingress")
        assert isinstance(rules, list)
        return {
            str(dig(peer, "podSelector", "matchLabels").get("app.kubernetes.io/name"))
            for rule in rules
            if {"port": 5432, "protocol": "TCP"} in rule["ports"]
            for peer in rule["from"]
            if "app.kubernetes.io/name" in dig(peer, "podSelector", "matchLabels")
        }

    assert callers("photos-postgres") == {"photos", "photos-postgres", "cloudnative-pg"}
    assert callers("recipes-postgres") == {"recipes", "recipes-postgres", "cloudnative-pg"}


def test_an_application_reads_the_account_that_the_operator_makes(rendered: dict[str, Object]) -> None:
    (container,) = rendered["Deployment recipes"].at("spec", "template", "spec", "containers")  # type: ignore[misc]

    assert container["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "recipes-postgres-app", "key": "host"}


def test_a_cache_is_called_like_its_alias_and_so_is_its_secret(rendered: dict[str, Object]) -> None:
    assert "Service photos-valkey" in rendered
    workload = rendered["StatefulSet photos-valkey"]
    (auth,) = workload.at("spec", "template", "spec", "initContainers")  # type: ignore[misc]
    assert auth["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "photos-valkey"


def test_each_database_is_copied_under_its_own_name(rendered: dict[str, Object], container) -> None:
    for name in ("photos-postgres", "recipes-postgres"):
        cron = rendered[f"CronJob {name}-backup"]
        first, *_ = container(cron, "dump-postgres")["env"]
        assert first["valueFrom"]["secretKeyRef"]["name"] == f"{name}-app"
        assert {"name": "SERVICE", "value": name} in container(cron, "restic")["env"]


def test_every_member_satisfies_the_contract(repository: Repository) -> None:
    found = [
        str(problem)
        for case in repository.cases("home")
        for chart in charts_in(case, members_of(repository.builder.workspace, case), repository.rendered(case).objects)
        for problem in policy.contract_problems(chart)
    ]
    assert found == []
