"""Network policies: nothing passes, except the edges that a chart names."""

import pytest

pytestmark = pytest.mark.helm

DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


def policy(render, network="{}", name="demo", more=""):
    return render(f"network: {network}\n{more}").one("NetworkPolicy", name).at("spec")


def peers(render, peer, more=""):
    (rule,) = policy(render, f"{{dns: false, egress: {{x: {{to: {peer}, ports: [443]}}}}}}", more=more)["egress"]
    return rule.get("to")


def test_a_service_that_names_no_edge_can_only_ask_for_names(render):
    spec = policy(render)

    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    assert spec["egress"] == [DNS]


def test_without_names_nothing_passes_at_all(render):
    spec = policy(render, "{dns: false}")

    assert set(spec) == {"podSelector", "policyTypes"}


def test_a_policy_is_for_the_pods_of_its_controller(render):
    objects = render()

    assert objects.one("NetworkPolicy").at("spec", "podSelector") == objects.one("Deployment").at("spec", "selector")


def test_an_edge_is_exactly_what_it_says(render):
    network = "{ingress: {web: {from: {app: front}, ports: [http, 9100, {port: 53, protocol: UDP}]}}}"
    spec = policy(render, network, more="service: {demo: {ports: {http: {port: 80}}}}")

    assert spec["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "front"}},
                }
            ],
            "ports": [
                {"port": "http", "protocol": "TCP"},
                {"port": 9100, "protocol": "TCP"},
                {"port": 53, "protocol": "UDP"},
            ],
        }
    ]


def test_an_edge_may_be_a_range_of_ports(render):
    spec = policy(render, "{dns: false, egress: {x: {to: {peer: lan}, ports: [{port: 6881, endPort: 6999}]}}}")

    assert spec["egress"][0]["ports"] == [{"port": 6881, "protocol": "TCP", "endPort": 6999}]


def test_an_edge_without_ports_is_for_every_port(render):
    (rule,) = policy(render, "{dns: false, egress: {x: {to: {peer: lan}}}}")["egress"]

    assert set(rule) == {"to"}


def test_a_service_of_another_namespace_is_named_with_it(render):
    assert peers(render, "{app: homepage, namespace: utils, component: web}") == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "utils"}},
            "podSelector": {
                "matchLabels": {"app.kubernetes.io/name": "homepage", "app.kubernetes.io/component": "web"}
            },
        }
    ]


@pytest.mark.parametrize(
    ("peer", "namespace", "label"),
    [
        ("traefik", "infra", {"app.kubernetes.io/name": "traefik"}),
        ("prometheus", "infra", {"app.kubernetes.io/name": "prometheus"}),
        ("dns", "kube-system", {"k8s-app": "kube-dns"}),
    ],
)
def test_a_well_known_peer_is_one_place_of_the_platform(render, peer, namespace, label):
    assert peers(render, f"{{peer: {peer}}}") == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "podSelector": {"matchLabels": label},
        }
    ]


def test_where_a_peer_lives_is_a_fact_of_the_platform(render):
    more = "global: {peers: {prometheus: {namespace: monitoring, labels: {app: prom}}}}"
    (peer,) = peers(render, "{peer: prometheus}", more)

    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
    assert peer["podSelector"]["matchLabels"]["app"] == "prom"


def test_a_platform_may_know_more_peers(render):
    more = "global: {peers: {vault: {namespace: safe, labels: {app: vault}}}}"

    assert peers(render, "{peer: vault}", more)[0]["podSelector"] == {"matchLabels": {"app": "vault"}}


def test_self_is_every_pod_of_the_chart(render):
    assert peers(render, "{peer: self}") == [
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "demo", "app.kubernetes.io/instance": "home"}}}
    ]


def test_the_internet_is_everything_but_private_addresses(render):
    (peer,) = peers(render, "{peer: internet}")

    assert peer["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert set(peer["ipBlock"]["except"]) == {
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
    }  # fmt: skip


def test_the_home_network_is_a_fact_of_the_platform(render):
    assert peers(render, "{peer: lan}") == [{"ipBlock": {"cidr": "192.168.1.0/24"}}]
    assert peers(render, "{peer: lan}", "global: {lan: {cidr: 10.9.0.0/16}}") == [{"ipBlock": {"cidr": "10.9.0.0/16"}}]


def test_the_api_server_is_a_service_and_a_node(render):
    assert peers(render, "{peer: kube-apiserver}") == [
        {"ipBlock": {"cidr": "10.43.0.0/16"}},
        {"ipBlock": {"cidr": "192.168.1.0/24"}},
    ]


def test_anybody_is_a_rule_without_peers(render):
    assert peers(render, "{peer: any}") is None


def test_anybody_at_any_port_is_an_empty_rule(render):
    assert policy(render, "{ingress: {x: {from: {peer: any}}}}")["ingress"] == [{}]


def test_addresses_can_be_named(render):
    block = "{cidr: '{{ .Values.global.pods.cidr }}', except: [10.42.7.0/24]}"

    assert peers(render, block) == [{"ipBlock": {"cidr": "10.42.0.0/16", "except": ["10.42.7.0/24"]}}]


def test_pods_with_labels_are_of_the_same_namespace(render):
    assert peers(render, "{podLabels: {cnpg.io/cluster: media}}") == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}},
            "podSelector": {"matchLabels": {"cnpg.io/cluster": "media"}},
        }
    ]


def test_a_whole_namespace_can_be_named(render):
    assert peers(render, "{namespaceLabels: {team: home}}") == [
        {"namespaceSelector": {"matchLabels": {"team": "home"}}}
    ]


TWO = "controllers: {worker: {containers: {app: {image: {repository: x, tag: '1'}}}}}"
MINE = "{dns: false, egress: {web: {controller: worker, to: {peer: internet}, ports: [443]}}}"


def test_an_edge_of_one_controller_is_not_the_others(render):
    assert "egress" in policy(render, MINE, "demo-worker", TWO)
    assert "egress" not in policy(render, MINE, "demo", TWO)


def test_an_edge_without_a_controller_is_everybodys(render):
    network = "{dns: false, egress: {web: {to: {peer: internet}, ports: [443]}}}"

    assert policy(render, network, "demo", TWO)["egress"] == policy(render, network, "demo-worker", TWO)["egress"]


def test_an_edge_that_is_off_is_closed(render):
    network = "{dns: false, egress: {web: {enabled: false, to: {peer: internet}, ports: [443]}, gone: null}}"

    assert "egress" not in policy(render, network)


def test_a_namespace_without_policies_is_possible(render):
    assert render("network: {enabled: false}").of("NetworkPolicy") == []


def test_an_unknown_peer_is_refused(refuse):
    assert (
        'demo: network.egress.x has the unknown peer "internett"; '
        "set network.egress.x.to.peer to one of: any, dns, internet, kube-apiserver, lan, prometheus, self, traefik"
        in refuse("network: {egress: {x: {to: {peer: internett}}}}")
    )


def test_an_edge_without_another_end_is_refused(refuse):
    assert "/network/ingress/x" in refuse("network: {ingress: {x: {ports: [80]}}}")


def test_a_peer_of_two_kinds_is_refused(refuse):
    assert "/network/ingress/x/from" in refuse("network: {ingress: {x: {from: {peer: lan, cidr: 10.0.0.0/8}}}}")


def test_every_namespace_can_be_meant(render):
    assert peers(render, "{namespaceLabels: {}, podLabels: {app: agent}}") == [
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "agent"}}}
    ]


@pytest.mark.parametrize(("direction", "side"), [("ingress", "from"), ("egress", "to")])
def test_an_edge_of_a_controller_that_does_not_exist_is_refused(refuse, direction, side):
    assert (
        f'demo: network.{direction}.x belongs to the controller "wrker", which does not exist; set network.{direction}.x.controller to one of: demo'
        in refuse(f"network: {{{direction}: {{x: {{controller: wrker, {side}: {{peer: lan}}}}}}}}")
    )
