"""Every pod's network edges, written down by hand: more is an open door, less a service that does not work."""

import ipaddress

import pytest

pytestmark = pytest.mark.helm

TRAEFIK, PROMETHEUS, HOMEPAGE = "infra/traefik", "infra/prometheus", "utils/homepage"
DNS = {("kube-system/kube-dns", "53/UDP"), ("kube-system/kube-dns", "53/TCP")}
WEB = {("internet", "443/TCP"), ("internet", "80/TCP")}


def here(*services, port):
    return {(f"htpc/{service}", f"{port}/TCP") for service in services}


INGRESS = {
    "jellyfin": {(TRAEFIK, "8096/TCP"), (HOMEPAGE, "8096/TCP"), *here("sonarr", "radarr", "scraparr", port=8096)},
    "sonarr": {(TRAEFIK, "8989/TCP"), (HOMEPAGE, "8989/TCP"), *here("prowlarr", "autobrr", "scraparr", port=8989)},
    "radarr": {(TRAEFIK, "7878/TCP"), (HOMEPAGE, "7878/TCP"), *here("prowlarr", "autobrr", "scraparr", port=7878)},
    "prowlarr": {
        *{(TRAEFIK, "9696/TCP"), (HOMEPAGE, "9696/TCP")},
        *here("sonarr", "radarr", "autobrr", "scraparr", port=9696),
    },
    "qbittorrent": {
        *{(TRAEFIK, "8080/TCP"), (HOMEPAGE, "8080/TCP")},
        *here("sonarr", "radarr", "autobrr", "prowlarr", port=8080),
    },
    "flaresolverr": {(PROMETHEUS, "8192/TCP"), *here("prowlarr", port=8191)},
    "autobrr": {(TRAEFIK, "7474/TCP"), (HOMEPAGE, "7474/TCP"), (PROMETHEUS, "9074/TCP")},
    "scraparr": {(PROMETHEUS, "7100/TCP")},
}
MANAGER = {*DNS, *WEB, *here("prowlarr", port=9696), *here("qbittorrent", port=8080), *here("jellyfin", port=8096)}
EGRESS = {
    "jellyfin": DNS | WEB,
    "sonarr": MANAGER,
    "radarr": MANAGER,
    "prowlarr": {
        *(DNS | WEB),
        *here("sonarr", port=8989),
        *here("radarr", port=7878),
        *here("flaresolverr", port=8191),
        *here("qbittorrent", port=8080),
    },
    # No DNS, no web, no neighbour: the tunnel's end is all that this pod may talk to.
    "qbittorrent": {("internet", "51820/UDP")},
    "flaresolverr": DNS | WEB,
    "autobrr": {
        *(DNS | WEB),
        *{("internet", "6697/TCP"), ("internet", "6667/TCP")},
        *here("qbittorrent", port=8080),
        *here("sonarr", port=8989),
        *here("radarr", port=7878),
        *here("prowlarr", port=9696),
    },
    "scraparr": {
        *DNS,
        *here("sonarr", port=8989),
        *here("radarr", port=7878),
        *here("prowlarr", port=9696),
        *here("jellyfin", port=8096),
    },
}


def end(peer):
    """A peer as `namespace/pod`, or as what its addresses are."""
    if "ipBlock" in peer:
        return "internet" if peer["ipBlock"]["cidr"] == "0.0.0.0/0" else peer["ipBlock"]["cidr"]
    (namespace,) = peer["namespaceSelector"]["matchLabels"].values()
    (pod,) = peer["podSelector"]["matchLabels"].values()
    return f"{namespace}/{pod}"


def edges(objects, service, direction):
    """(other end, port/protocol) of a pod's policy, with port names resolved as the cluster does."""
    policy = objects.one("NetworkPolicy", service)
    numbers = {
        port["name"]: port["containerPort"]
        for container in objects.pod(service).all
        for port in container.get("ports", ())
    }
    side = "from" if direction == "ingress" else "to"
    return {
        (end(peer), f"{numbers.get(port['port'], port['port'])}/{port['protocol']}")
        for rule in policy["spec"].get(direction, ())
        for peer in rule[side]
        for port in rule["ports"]
    }


@pytest.mark.parametrize("service", sorted(INGRESS))
def test_only_the_named_neighbours_reach_a_service(render, service):
    assert edges(render("htpc"), service, "ingress") == INGRESS[service]


@pytest.mark.parametrize("service", sorted(EGRESS))
def test_a_service_reaches_only_the_named_neighbours(render, service):
    assert edges(render("htpc"), service, "egress") == EGRESS[service]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_an_environment_opens_no_door(render, environment):
    objects = render("htpc", environment)
    assert {service: edges(objects, service, "ingress") for service in INGRESS} == INGRESS
    # The port of the tunnel is a choice; that it is the only way out is not.
    ((end_of_the_tunnel, port),) = edges(objects, "qbittorrent", "egress")
    assert end_of_the_tunnel == "internet"
    assert port.endswith("/UDP")


def test_every_pod_has_one_policy_that_denies_by_default_both_ways(render):
    objects = render("htpc")
    policies = {item.name: item.data["spec"] for item in objects.of_kind("NetworkPolicy")}
    assert policies.pop("default-deny")["podSelector"] == {}
    assert sorted(policies) == sorted(objects.pods)
    for name, spec in policies.items():
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["podSelector"]["matchLabels"] == {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/instance": "htpc",
            "app.kubernetes.io/component": name,
        }


def test_no_rule_forgets_its_peer_or_its_ports(render):
    for item in render("htpc").of_kind("NetworkPolicy"):
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in item.data["spec"].get(direction, ()):
                assert rule.get(side), f"{item.name}: a rule of {direction} is for everybody"
                assert rule.get("ports"), f"{item.name}: a rule of {direction} is for every port"


def test_both_ends_of_an_edge_agree(render):
    objects = render("htpc")
    services = [item.name for item in objects.of_kind("Deployment")]
    out = {
        (service, peer.removeprefix("htpc/"), port)
        for service in services
        for peer, port in edges(objects, service, "egress")
        if peer.startswith("htpc/")
    }
    into = {
        (peer.removeprefix("htpc/"), service, port)
        for service in services
        for peer, port in edges(objects, service, "ingress")
        if peer.startswith("htpc/")
    }
    assert out == into


def test_edges_end_at_the_ports_that_the_services_offer(render):
    objects = render("htpc")
    for service, wanted in EGRESS.items():
        for peer, port in wanted:
            namespace, _, name = peer.partition("/")
            if namespace == "htpc":
                offered = {f"{each['port']}/TCP" for each in objects.one("Service", name)["spec"]["ports"]}
                assert port in offered, f"{service} → {name}"


def test_the_internet_holds_no_private_address(render):
    private = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    blocks = [
        peer["ipBlock"]
        for item in render("htpc").of_kind("NetworkPolicy")
        for rule in item.data["spec"].get("egress", ())
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert blocks
    for block in blocks:
        left_out = [ipaddress.ip_network(each) for each in block["except"]]
        assert all(any(network.subnet_of(each) for each in left_out) for network in private)


def test_the_namespace_of_prometheus_is_a_fact_of_the_platform(render):
    peers = {"prometheus": {"namespace": "monitoring", "labels": {"app.kubernetes.io/name": "prometheus"}}}
    objects = render("scraparr", {"global": {"peers": peers}})
    assert edges(objects, "scraparr", "ingress") == {("monitoring/prometheus", "7100/TCP")}


def test_the_route_of_flaresolverr_opens_the_edge_that_it_needs(render):
    objects = render("flaresolverr", "ci/route-values.yaml")
    assert edges(objects, "flaresolverr", "ingress") == {*INGRESS["flaresolverr"], (TRAEFIK, "8191/TCP")}


def test_the_metrics_of_jellyfin_open_the_edge_that_they_need(render):
    objects = render("jellyfin", "ci/metrics-values.yaml")
    assert edges(objects, "jellyfin", "ingress") == {*INGRESS["jellyfin"], (PROMETHEUS, "8096/TCP")}
    assert objects.one("ServiceMonitor", "jellyfin")["spec"]["endpoints"][0]["port"] == "http"
