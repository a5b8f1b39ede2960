"""Secrets are named and never held; an application reads the account of its own database."""

import re

import pytest

pytestmark = pytest.mark.helm

ENVIRONMENTS = ["its own values", "staging", "production"]
SENSITIVE = re.compile(r"(KEY|SECRET|PASSWORD|PASS|TOKEN|CREDENTIALS?)$")
HOST = {"host", "port", "dbname", "username", "password"}

READ = {
    "homepage": {},
    "immich-machine-learning": {},
    "immich-server": {"immich-postgres-app": HOST, "immich-valkey": {"password"}},
    "immich-valkey": {"immich-valkey": {"password"}},
    "nextcloud": {
        "nextcloud-postgres-app": HOST,
        "nextcloud-redis": {"password"},
        "nextcloud": {"NEXTCLOUD_ADMIN_USER", "NEXTCLOUD_ADMIN_PASSWORD"},
    },
    "nextcloud-cron": {"nextcloud-postgres-app": HOST, "nextcloud-redis": {"password"}},
    "nextcloud-redis": {"nextcloud-redis": {"password"}},
    "tandoor": {"tandoor-postgres-app": HOST, "tandoor": {"SECRET_KEY"}},
}


def references(pod):
    """Secret → keys that its variables need."""
    found = {}
    for container in pod.all:
        for variable in container.get("env", ()):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                # A sign-in that waits for its Secret keeps nobody from the application.
                assert bool(reference.get("optional")) == reference["name"].endswith("-oidc")
                found.setdefault(reference["name"], set()).add(reference["key"])
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_pod_reads_the_secrets_that_are_written_down_here(render, environment):
    # Copies of volumes and databases are the library's, and tried there.
    pods = {
        name: pod
        for name, pod in render("utils", environment).pods.items()
        if not name.endswith(("-backup", "-drill", "-retention"))
    }
    signed_in = (
        {"tandoor": READ["tandoor"] | {"tandoor-oidc": {"client-secret"}}} if environment == "production" else {}
    )
    assert {name: references(pod) for name, pod in pods.items()} == READ | signed_in


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_is_rendered(render, environment):
    assert render("utils", environment).of_kind("Secret") == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_variable_with_a_secrets_name_has_a_literal_value(render, environment):
    literal = [
        (name, variable["name"])
        for name, pod in render("utils", environment).pods.items()
        for container in pod.all
        for variable in container.get("env", ())
        if SENSITIVE.search(variable["name"]) and "value" in variable
    ]
    assert literal == []


def test_every_account_is_one_of_a_database_of_the_namespace(render):
    objects = render("utils")
    accounts = {f"{item.name}-app" for item in objects.of_kind("Cluster")}
    read = {name for pod in objects.pods.values() for name in references(pod) if name.endswith("-app")}
    assert read == accounts


@pytest.mark.parametrize(("pod", "variable", "cache"), [
    ("nextcloud", "CACHE_HOST", "nextcloud-redis"),
    ("nextcloud-cron", "CACHE_HOST", "nextcloud-redis"),
    ("immich-server", "REDIS_HOSTNAME", "immich-valkey"),
])  # fmt: skip
def test_a_cache_is_asked_by_the_name_of_its_service(render, pod, variable, cache):
    objects = render("utils")
    assert objects.pods[pod].env("app")[variable] == cache
    assert 6379 in {port["port"] for port in objects.one("Service", cache)["spec"]["ports"]}


def test_only_the_start_page_talks_to_the_api_and_only_reads(render):
    objects = render("utils")
    assert [name for name, pod in objects.pods.items() if pod.spec["automountServiceAccountToken"]] == ["homepage"]
    (role,) = objects.of_kind("ClusterRole")
    assert {verb for rule in role.data["rules"] for verb in rule["verbs"]} == {"get", "list"}
    assert not {"secrets", "configmaps", "*"} & {each for rule in role.data["rules"] for each in rule["resources"]}
