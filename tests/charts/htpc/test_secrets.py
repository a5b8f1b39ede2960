"""Secrets are named and never held."""

import re

import pytest

pytestmark = pytest.mark.helm

READ = {
    "sonarr": {"SONARR__AUTH__APIKEY": ("sonarr", "SONARR__AUTH__APIKEY")},
    "radarr": {"RADARR__AUTH__APIKEY": ("radarr", "RADARR__AUTH__APIKEY")},
    "prowlarr": {"PROWLARR__AUTH__APIKEY": ("prowlarr", "PROWLARR__AUTH__APIKEY")},
    "qbittorrent": {"WIREGUARD_PRIVATE_KEY": ("protonvpn-wireguard", "WIREGUARD_PRIVATE_KEY")},
    "autobrr": {"AUTOBRR__SESSION_SECRET": ("autobrr", "AUTOBRR__SESSION_SECRET")},
    # The exporter reads the services' own keys: a rotated key is rotated once.
    "scraparr": {
        "SONARR_API_KEY": ("sonarr", "SONARR__AUTH__APIKEY"),
        "RADARR_API_KEY": ("radarr", "RADARR__AUTH__APIKEY"),
        "PROWLARR_API_KEY": ("prowlarr", "PROWLARR__AUTH__APIKEY"),
        "JELLYFIN_API_KEY": ("scraparr", "JELLYFIN_API_KEY"),
    },
    "jellyfin": {},
    "flaresolverr": {},
}
SENSITIVE = re.compile(r"(KEY|SECRET|PASSWORD|PASS|TOKEN|CREDENTIALS?)$")


def references(pod):
    """Variable → (secret, key) of every container."""
    return {
        variable["name"]: (reference["name"], reference["key"])
        for container in pod.all
        for variable in container.get("env", ())
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }


@pytest.mark.parametrize("environment", ["its own values", "staging", "production"])
def test_each_service_reads_the_secrets_that_are_written_down_here(render, environment):
    objects = render("htpc", environment)
    assert {item.name: references(objects.pod(item.name)) for item in objects.of_kind("Deployment")} == READ


@pytest.mark.parametrize("environment", ["its own values", "staging", "production"])
def test_no_secret_is_rendered(render, environment):
    assert render("htpc", environment).of_kind("Secret") == []


@pytest.mark.parametrize("environment", ["its own values", "staging", "production"])
def test_no_variable_with_a_secrets_name_has_a_literal_value(render, environment):
    literal = [
        (name, variable["name"])
        for name, pod in render("htpc", environment).pods.items()
        for container in pod.all
        for variable in container.get("env", ())
        if SENSITIVE.search(variable["name"]) and "value" in variable
    ]
    assert literal == []


def test_every_reference_is_required(render):
    for pod in render("htpc").pods.values():
        for container in pod.all:
            for variable in container.get("env", ()):
                assert not variable.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")


def test_a_secret_that_nobody_declared_is_refused(refusal):
    env = {"SONARR__AUTH__APIKEY": {"secret": "sonar", "key": "SONARR__AUTH__APIKEY"}}
    message = refusal("sonarr", {"controllers": {"sonarr": {"containers": {"app": {"env": env}}}}})
    assert 'container app uses the secret "sonar", which is not declared; add secrets.sonar' in message


def test_openvpn_needs_no_wireguard_key(render):
    assert references(render("qbittorrent", "ci/openvpn-values.yaml").pod("qbittorrent")) == {
        "OPENVPN_USER": ("openvpn", "user"),
        "OPENVPN_PASSWORD": ("openvpn", "password"),
    }


def test_a_service_that_is_off_leaves_no_key_to_wait_for(render):
    found = references(render("scraparr", "ci/partial-values.yaml").pod("scraparr"))
    assert set(found) == {"SONARR_API_KEY", "PROWLARR_API_KEY"}


def test_no_pod_gets_a_token_or_the_addresses_of_its_neighbours(render):
    for pod in render("htpc").pods.values():
        assert pod.spec["automountServiceAccountToken"] is False
        # scraparr would read SONARR_PORT=tcp://… as its configuration.
        assert pod.spec["enableServiceLinks"] is False
