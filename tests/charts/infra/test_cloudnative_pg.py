"""The PostgreSQL operator: what its program insists on, and the questions that it hands to every database."""

import re
from pathlib import Path

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from testing.rendering import Repository

pytestmark = pytest.mark.helm

USAGES = {"LABEL", "COUNTER", "GAUGE"}
"""Of those that the instance manager knows, the ones that are used here."""


@pytest.fixture(scope="module")
def objects(repository: Repository) -> dict[str, Object]:
    """Kind and name → object."""
    return {item.title: item for item in repository.rendered(repository.case("cloudnative-pg", DEFAULTS)).objects}


@pytest.fixture(scope="module")
def container(objects: dict[str, Object]) -> dict[str, object]:
    """The operator's."""
    (found,) = objects["Deployment cloudnative-pg"].data["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    return dict(found)


@pytest.fixture(scope="module")
def environment(container: dict[str, object]) -> dict[str, object]:
    """Its variables that are text."""
    return {each["name"]: each.get("value") for each in container["env"]}  # type: ignore[attr-defined]


def test_databases_get_the_manager_of_the_very_operator_that_runs(container, environment):
    assert environment["OPERATOR_IMAGE_NAME"] == container["image"]


def test_every_webhook_ends_at_the_service_that_the_certificate_names(objects):
    hooks = [
        hook for item in objects.values() if item.kind.endswith("WebhookConfiguration") for hook in item.at("webhooks")
    ]

    assert len(hooks) == 9
    assert {hook["clientConfig"]["service"]["name"] for hook in hooks} == {"cnpg-webhook-service"}
    assert "Service cnpg-webhook-service" in objects


def test_the_operator_finds_itself_by_its_label(objects):
    named = [
        item
        for item in objects.values()
        if item.kind == "Deployment" and item.labels["app.kubernetes.io/name"] == "cloudnative-pg"
    ]

    assert len(named) == 1


def test_the_questions_are_where_the_operator_looks(objects, environment):
    config = objects[f"ConfigMap {environment['MONITORING_QUERIES_CONFIGMAP']}"]

    assert list(config.at("data")) == ["queries"]
    assert config.labels["cnpg.io/reload"] == ""


def test_every_metric_is_a_column_of_its_question(objects):
    for name, entry in yaml.safe_load(objects["ConfigMap cloudnative-pg-monitoring"].at("data")["queries"]).items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert set(entry) == {"query", "metrics"}
        selected = entry["query"].split(" FROM pg_catalog.pg_stat_activity")[0]
        columns = [(column, fact) for metric in entry["metrics"] for column, fact in metric.items()]
        assert len(columns) == len(entry["metrics"]), name
        for column, fact in columns:
            assert re.search(rf"\b{column}\b", selected), f"{name}: {column}"
            assert fact["usage"] in USAGES, f"{name}: {column}"
            assert fact["description"], f"{name}: {column}"
        assert {fact["usage"] for _, fact in columns} - {"LABEL"}, f"{name} has nothing but labels"


def test_its_definitions_come_with_the_chart():
    folder = Path(__file__).parents[3] / "charts" / "cloudnative-pg" / "crds"
    kinds = {
        document["spec"]["names"]["kind"]
        for path in folder.glob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
    }

    assert {"Backup", "Cluster", "Database", "Pooler", "ScheduledBackup"} <= kinds
