"""Grafana's provisioning: its data sources are where our services listen, and each folder of dashboards reaches it."""

import json
import re
from collections.abc import Mapping

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.util.mapping import dig
from testing import dashboards as lint
from testing.rendering import Repository

pytestmark = pytest.mark.helm

MIB = 1 << 20


@pytest.fixture(scope="module")
def objects(repository: Repository) -> tuple[Object, ...]:
    """The chart with its own values."""
    return repository.rendered(repository.case("grafana", DEFAULTS)).objects


def files(objects: tuple[Object, ...], name: str) -> Mapping[str, str]:
    """The files of a ConfigMap."""
    (found,) = (item for item in objects if item.kind == "ConfigMap" and item.name == name)
    return {key: str(text) for key, text in dig(found.data, "data").items()}


def container(objects: tuple[Object, ...]) -> Mapping[str, object]:
    """Grafana's own."""
    (workload,) = (item for item in objects if item.kind == "Deployment")
    (found,) = workload.at("spec", "template", "spec", "containers")
    return found


def sources(objects: tuple[Object, ...]) -> list[dict[str, object]]:
    """The provisioned data sources."""
    return yaml.safe_load(files(objects, "grafana-datasources")["datasources.yaml"])["datasources"]


def test_dashboards_name_only_data_sources_that_are_provisioned(objects) -> None:
    provisioned = {(source["type"], source["uid"]) for source in sources(objects)}
    named = {
        (found["type"], found["uid"])
        for dashboard in lint.all_dashboards().values()
        for panel in lint.items(dashboard["panels"])
        for found in [panel.get("datasource"), *(target["datasource"] for target in panel.get("targets", ()))]
        if found
    }

    assert provisioned == {(name, name) for name in ("prometheus", "loki", "jaeger", "alertmanager")}
    assert named <= provisioned


def test_one_data_source_is_the_default(objects) -> None:
    assert [source["uid"] for source in sources(objects) if source.get("isDefault")] == ["prometheus"]


def test_every_data_source_may_be_reached_and_nothing_else(objects) -> None:
    (policy,) = (item for item in objects if item.kind == "NetworkPolicy")
    allowed = {
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
        for rule in policy.at("spec", "egress")
        for peer in rule["to"]
        for port in rule["ports"]
        if "app.kubernetes.io/name" in dig(peer, "podSelector", "matchLabels")
    }
    asked = {tuple(str(source["url"]).removeprefix("http://").split(":")) for source in sources(objects)}

    assert {(name, str(port)) for name, port in allowed} == asked
    assert all("ipBlock" not in peer for rule in policy.at("spec", "egress") for peer in rule["to"])


def test_links_between_data_sources_lead_to_provisioned_ones(objects) -> None:
    data = {source["uid"]: source["jsonData"] for source in sources(objects)}

    assert [field["datasourceUid"] for field in data["loki"]["derivedFields"]] == ["jaeger"]
    assert data["jaeger"]["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert data["jaeger"]["tracesToMetrics"]["datasourceUid"] == "prometheus"


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","traceID":"4bf92f3577b34da6a3ce929d0e0e4736"}',
        "level=info trace_id=4bf92f3577b34da6a3ce929d0e0e4736 msg=done",
        '{"TraceId": "4bf92f3577b34da6a3ce929d0e0e4736"}',
    ],
)
def test_the_trace_of_a_line_is_found(objects, line: str) -> None:
    (field,) = next(source for source in sources(objects) if source["uid"] == "loki")["jsonData"]["derivedFields"]
    found = re.search(field["matcherRegex"], line)

    assert found is not None
    assert found[1] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_every_folder_of_dashboards_is_mounted_where_a_provider_reads_it(objects) -> None:
    providers = yaml.safe_load(files(objects, "grafana-providers")["dashboards.yaml"])["providers"]
    mounted = {
        mount["mountPath"]: str(mount["name"]).removeprefix("config-") for mount in container(objects)["volumeMounts"]
    }

    read = {provider["options"]["path"]: provider["name"] for provider in providers}
    assert {path: name for path, name in mounted.items() if path.startswith("/etc/grafana/dashboards/")} == {
        path: f"dashboards-{name}" for path, name in read.items()
    }
    assert set(read.values()) == {name.partition("/")[0] for name in lint.all_dashboards()}


def test_a_dashboard_arrives_as_it_is_written(objects) -> None:
    for name, dashboard in lint.all_dashboards().items():
        folder, _, file = name.partition("/")
        assert json.loads(files(objects, f"grafana-dashboards-{folder}")[file]) == dashboard


def test_the_first_page_is_there(objects) -> None:
    env = {item["name"]: item.get("value") for item in container(objects)["env"]}
    path = env["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].removeprefix("/etc/grafana/dashboards/")

    assert path in lint.all_dashboards()


def test_no_config_map_comes_near_the_limit_of_kubernetes(objects) -> None:
    sizes = {
        item.name: sum(len(str(text).encode()) for text in dig(item.data, "data").values())
        for item in objects
        if item.kind == "ConfigMap"
    }

    assert {name: size for name, size in sizes.items() if size > MIB * 3 // 4} == {}


def test_the_database_has_a_write_ahead_log(objects) -> None:
    # Without one a writer locks out every reader, and a slow disk makes that "database is locked".
    assert {"name": "GF_DATABASE_WAL", "value": "true"} in container(objects)["env"]


def test_no_plugin_of_a_data_source_is_switched_off(objects) -> None:
    env = {item["name"]: item.get("value") for item in container(objects)["env"]}

    assert not set(env["GF_PLUGINS_DISABLE_PLUGINS"].split(",")) & {source["type"] for source in sources(objects)}
