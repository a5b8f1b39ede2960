"""What the start page will show: computed from the routes of every namespace, as its discovery does."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from slipway.core.model import ChartKind
from slipway.workspace.documents import chart_document
from testing.start_page import discover, hosts

pytestmark = pytest.mark.helm

ENVIRONMENTS = ["its own values", "staging", "production"]
SCHEMA = json.loads((Path(__file__).parent / "start_page.schema.json").read_text(encoding="utf-8"))
CONFIG = "/app/config"


@pytest.fixture(scope="session")
def namespaces(render, repository):
    """Every object of the platform, by environment."""
    umbrellas = [str(chart.name) for chart in repository.builder.workspace.of_kind(ChartKind.UMBRELLA)]
    found = {}

    def of(environment):
        if environment not in found:
            found[environment] = [item for name in umbrellas for item in render(name, environment).items]
        return found[environment]

    return of


@pytest.fixture(scope="session")
def tiles(namespaces):
    """The page, by environment."""
    return lambda environment: discover(namespaces(environment))


def routes(objects):
    return [item for item in objects if item.kind in {"Ingress", "IngressRoute"}]


def chart_of(workspace, item):
    """The chart that an object of an umbrella came from: the source names a member by its key."""
    umbrella, _, rest = item.source.partition("/charts/")
    (name,) = {dep.name for dep in workspace.charts[umbrella].dependencies if dep.key == rest.split("/")[0]}
    return workspace.charts[name]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_host_is_shown_once_or_says_why_not(namespaces, tiles, repository, environment):
    shown = [urlsplit(tile.href).hostname for tile in tiles(environment)]
    assert len(shown) == len(set(shown))
    for route in routes(namespaces(environment)):
        chart = chart_of(repository.builder.workspace, route)
        dashboard = chart_document(chart).mapping.get("dashboard") or {}
        if dashboard.get("optOut"):
            assert not hosts(route) & set(shown), f"{route.title} is left out, and shown all the same"
        else:
            assert hosts(route) <= set(shown), f"{route.title}: {chart.name} has no `dashboard:`, with name or optOut"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_tile_is_complete(tiles, environment):
    assert tiles(environment)
    for tile in tiles(environment):
        assert tile.icon, f"{tile.name} has no icon"
        assert tile.description, f"{tile.name} says nothing of itself"
        assert tile.group != "Kubernetes", f"{tile.name} is in no group"
        assert urlsplit(tile.href).scheme == "https"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_name_stands_once_in_its_group(tiles, environment):
    # The page finds the widget of a tile by group and name.
    named = [(tile.group, tile.name) for tile in tiles(environment)]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_state_of_a_tile_is_that_of_pods_that_are_there(namespaces, tiles, environment):
    pods = {
        (item.namespace, item.labels["app.kubernetes.io/name"])
        for item in namespaces(environment)
        if item.kind in {"Deployment", "StatefulSet", "DaemonSet"}
    }
    assert {(tile.namespace, tile.app) for tile in tiles(environment)} <= pods


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_widget_asks_a_service_and_a_port_that_are_there(namespaces, tiles, environment):
    services = {
        (item.name, item.namespace, port["port"])
        for item in namespaces(environment)
        if item.kind == "Service"
        for port in item.data["spec"]["ports"]
    }
    asked = {tile.name: urlsplit(tile.widget["url"]) for tile in tiles(environment) if tile.widget}
    assert asked
    for name, url in asked.items():
        service, namespace, _ = url.hostname.split(".")
        assert (service, namespace, url.port) in services, f"the widget of {name} asks {url.geturl()}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_page_may_reach_every_widget_and_nothing_else_of_the_platform(namespaces, tiles, environment):
    (policy,) = [item for item in namespaces(environment) if (item.kind, item.name) == ("NetworkPolicy", "homepage")]
    reached = {
        (
            peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        )
        for rule in policy.data["spec"]["egress"]
        for peer in rule["to"]
        if "app.kubernetes.io/name" in peer.get("podSelector", {}).get("matchLabels", {})
    }
    assert reached == {(tile.namespace, tile.app) for tile in tiles(environment) if tile.widget}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_key_of_a_widget_is_one_of_the_pages_secret(tiles, repository, environment):
    values = chart_document(repository.builder.workspace.charts["homepage"]).mapping
    declared = values["secrets"]["homepage"]["keys"]
    assert declared == sorted(declared)
    assert {variable for tile in tiles(environment) for variable in tile.variables} == set(declared)


def test_no_key_of_a_widget_stands_in_a_route(tiles):
    for tile in tiles("its own values"):
        for field in ("key", "password", "token", "username"):
            assert re.fullmatch(r"({{HOMEPAGE_VAR_[A-Z0-9_]+}})?", tile.widget.get(field, "")), f"{tile.name}: {field}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_group_of_the_layout_is_used(render, tiles, environment):
    layout = files(render("utils", environment))["settings.yaml"]["layout"]
    assert set(layout) <= {tile.group for tile in tiles(environment)}


def test_a_service_that_is_switched_off_leaves_the_page(render):
    names = {tile.name for tile in discover(render("utils").items)}
    left = {tile.name for tile in discover(render("utils", {"tandoor": {"enabled": False}}).items)}
    assert names - left == {"Tandoor"}


def files(objects):
    """The page's files, read."""
    data = objects.one("ConfigMap", "homepage-files")["data"]
    return {name: yaml.safe_load(text) for name, text in data.items() if name.endswith(".yaml")}


@pytest.mark.parametrize(("chart", "values"), [
    *(("utils", environment) for environment in ENVIRONMENTS), ("homepage", "ci/weather-values.yaml"),
])  # fmt: skip
def test_the_files_hold_keys_that_the_page_knows(render, chart, values):
    jsonschema.Draft7Validator(SCHEMA).validate(files(render(chart, values)))


@pytest.mark.parametrize("broken", [
    {"settings.yaml": {"titel": "Home"}},
    {"settings.yaml": {"layout": {"Media": {"colums": 4}}}},
    {"bookmarks.yaml": [{"Documentation": [{"k3s": [{"link": "https://docs.k3s.io/"}]}]}]},
    {"kubernetes.yaml": {"mode": "default"}},
])  # fmt: skip
def test_a_mistyped_key_of_a_file_is_found(render, broken):
    found = files(render("homepage", {"config": {"files": {"files": broken}}}))
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid(found)


def test_a_group_of_bookmarks_has_a_name_of_its_own(render, tiles):
    groups = {name for entry in files(render("utils"))["bookmarks.yaml"] for name in entry}
    assert not groups & {tile.group for tile in tiles("its own values")}


def test_every_file_is_mounted_since_a_missing_one_ends_the_page(render):
    objects = render("homepage")
    mounts = objects.pods["homepage"].mounts("app")
    assert {path.removeprefix(f"{CONFIG}/") for path in mounts if path.startswith(f"{CONFIG}/")} == {
        *objects.one("ConfigMap", "homepage-files")["data"],
        "logs",
    }
    assert len(objects.one("ConfigMap", "homepage-files")["data"]) == 9


def test_the_page_is_allowed_to_see_the_routes_of_every_namespace(render):
    objects = render("utils")
    settings = files(objects)["kubernetes.yaml"]
    (role,) = objects.of_kind("ClusterRole")
    listed = {
        (group, resource)
        for rule in role.data["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if "list" in rule["verbs"]
    }
    assert (("traefik.io", "ingressroutes") in listed) is settings["traefik"] is True
    assert (("networking.k8s.io", "ingresses") in listed) is settings["ingress"] is True
    assert (("gateway.networking.k8s.io", "httproutes") in listed) is settings["gateway"] is False
