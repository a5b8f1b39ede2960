"""Every pod's network edges, written down by hand: more is an open door, less a service that does not work."""

import pytest

pytestmark = pytest.mark.helm

TRAEFIK, PROMETHEUS, HOMEPAGE = "infra/traefik", "infra/prometheus", "utils/homepage"
DNS = {("kube-system/kube-dns", "53/UDP"), ("kube-system/kube-dns", "53/TCP")}
WEB = {("internet", "443/TCP"), ("internet", "80/TCP")}
API = {(network, f"{port}/TCP") for network in ("10.43.0.0/16", "192.168.1.0/24") for port in (443, 6443)}

CLOUD = {*DNS, ("utils/nextcloud-postgres", "5432/TCP"), ("utils/nextcloud-redis", "6379/TCP"), *WEB}
WIDGETS = {
    *{("htpc/autobrr", "7474/TCP"), ("htpc/jellyfin", "8096/TCP"), ("htpc/prowlarr", "9696/TCP")},
    *{("htpc/qbittorrent", "8080/TCP"), ("htpc/radarr", "7878/TCP"), ("htpc/sonarr", "8989/TCP")},
    *{("infra/prometheus", "9090/TCP"), ("utils/immich/server", "2283/TCP")},
    *{("utils/nextcloud/nextcloud", "8080/TCP"), ("utils/tandoor", "8080/TCP")},
}

INGRESS = {
    "homepage": {(TRAEFIK, "3000/TCP")},
    "immich-server": {
        *{(TRAEFIK, "2283/TCP"), (HOMEPAGE, "2283/TCP")},
        *{(PROMETHEUS, "8081/TCP"), (PROMETHEUS, "8082/TCP")},
    },
    "immich-machine-learning": {("utils/immich/server", "3003/TCP")},
    "immich-valkey": {(PROMETHEUS, "9121/TCP"), ("utils/immich/server", "6379/TCP")},
    "nextcloud": {(TRAEFIK, "8080/TCP"), (HOMEPAGE, "8080/TCP"), ("utils/nextcloud/push", "8080/TCP")},
    "nextcloud-cron": set(),
    "nextcloud-redis": {(PROMETHEUS, "9121/TCP"), ("utils/nextcloud", "6379/TCP")},
    "tandoor": {(TRAEFIK, "8080/TCP"), (HOMEPAGE, "8080/TCP"), (PROMETHEUS, "8080/TCP")},
}
EGRESS = {
    # No site outside: what the page shows of others is fetched by the browser.
    "homepage": DNS | API | WIDGETS,
    "immich-server": {
        *{*DNS, ("utils/immich-postgres", "5432/TCP"), ("utils/immich-valkey", "6379/TCP")},
        *{("utils/immich/machine-learning", "3003/TCP"), ("internet", "443/TCP")},
    },
    "immich-machine-learning": {*DNS, ("internet", "443/TCP")},
    "immich-valkey": set(),
    "nextcloud": {*CLOUD, (TRAEFIK, "8443/TCP")},
    "nextcloud-cron": CLOUD,
    "nextcloud-redis": set(),
    "tandoor": {*DNS, ("utils/tandoor-postgres", "5432/TCP"), *WEB},
}
SIGNED_IN = {name: EGRESS[name] | {(TRAEFIK, "8443/TCP")} for name in ("immich-server", "tandoor")}
"""The environments with single sign-on: the identity provider is behind the ingress."""
OWNERS = {"immich-postgres": "immich", "nextcloud-postgres": "nextcloud", "tandoor-postgres": "tandoor"}


def end(peer):
    """A peer as `namespace/app`, with its component when it names one, or as what its addresses are."""
    if "ipBlock" in peer:
        return "internet" if peer["ipBlock"]["cidr"] == "0.0.0.0/0" else peer["ipBlock"]["cidr"]
    (namespace,) = peer.get("namespaceSelector", {}).get("matchLabels", {"": "utils"}).values()
    labels = dict(peer["podSelector"]["matchLabels"])
    labels.pop("app.kubernetes.io/instance", None)
    component = labels.pop("app.kubernetes.io/component", None)
    (app,) = labels.values()
    return "/".join(filter(None, (namespace, app, component)))


def edges(objects, name, direction):
    """(other end, port/protocol) of a policy, with port names resolved as the cluster does."""
    numbers = {
        port["name"]: port["containerPort"]
        for container in (objects.pods[name].all if name in objects.pods else ())
        for port in container.get("ports", ())
    }
    side = "from" if direction == "ingress" else "to"
    return {
        (end(peer), f"{numbers.get(port['port'], port['port'])}/{port['protocol']}")
        for rule in objects.one("NetworkPolicy", name)["spec"].get(direction, ())
        for peer in rule[side]
        for port in rule["ports"]
    }


@pytest.mark.parametrize("environment", ["its own values", "staging", "production"])
def test_only_the_named_neighbours_reach_a_service(render, environment):
    objects = render("utils", environment)
    assert {name: edges(objects, name, "ingress") for name in INGRESS} == INGRESS


@pytest.mark.parametrize("environment", ["its own values", "staging", "production"])
def test_a_service_reaches_only_the_named_neighbours(render, environment):
    objects = render("utils", environment)
    expected = EGRESS | (SIGNED_IN if environment == "production" else {})
    assert {name: edges(objects, name, "egress") for name in EGRESS} == expected


@pytest.mark.parametrize(("database", "owner"), OWNERS.items())
def test_a_database_answers_its_own_application_and_who_looks_after_it(render, database, owner):
    found = edges(render("utils"), database, "ingress")
    # Its other instances, when it has more than one, and the operator.
    assert {peer for peer, port in found if port == "5432/TCP"} == {
        *{f"utils/{owner}", f"utils/{database}", "infra/cloudnative-pg"},
    }


def test_every_pod_has_a_policy_and_no_policy_is_for_nothing(render):
    objects = render("utils")
    policies = {item.name for item in objects.of_kind("NetworkPolicy")} - {"default-deny"}
    assert policies == {*objects.pods, *OWNERS} == {*INGRESS, *OWNERS}


def test_no_rule_forgets_its_peer_or_its_ports(render):
    for item in render("utils").of_kind("NetworkPolicy"):
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in item.data["spec"].get(direction, ()):
                assert rule.get(side), f"{item.name}: a rule of {direction} is for everybody"
                assert rule.get("ports"), f"{item.name}: a rule of {direction} is for every port"


def test_push_opens_the_edges_that_it_needs_and_no_other(render):
    objects = render("nextcloud", "ci/push-values.yaml")
    assert edges(objects, "nextcloud-push", "ingress") == {(TRAEFIK, "7867/TCP")}
    assert edges(objects, "nextcloud-push", "egress") == {
        *{*DNS, ("utils/nextcloud/nextcloud", "8080/TCP")},
        *{("utils/nextcloud-postgres", "5432/TCP"), ("utils/nextcloud-redis", "6379/TCP")},
    }
