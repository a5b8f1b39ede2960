"""Traffic between two pods, which the network policies of both must allow."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from slipway.build.render import Object
from slipway.policy.network_edges import NetworkPolicies, OneSidedEdge

Data = dict[str, Any]
NAME = "app.kubernetes.io/name"


def make_object(kind: str, name: str, namespace: str, **data: Any) -> Object:
    return Object(api_version="v1", kind=kind, namespace=namespace, name=name, data={"kind": kind, **data})


def workload(name: str, namespace: str, *, host: bool = False, **ports: int) -> Object:
    listed = [{"name": port, "containerPort": number} for port, number in ports.items()]
    spec = {"containers": [{"name": "app", "ports": listed}], **({"hostNetwork": True} if host else {})}
    template = {"metadata": {"labels": {NAME: name, "app.kubernetes.io/part-of": "homelab"}}, "spec": spec}
    return make_object("Deployment", name, namespace, spec={"template": template})


def policy(name: str, namespace: str, ingress: list[Data] | None = None, egress: list[Data] | None = None) -> Object:
    spec = {"podSelector": {"matchLabels": {NAME: name}}, "ingress": ingress or [], "egress": egress or []}
    return make_object("NetworkPolicy", name, namespace, spec=spec)


def peer(name: str, namespace: str = "") -> Data:
    chosen: Data = {"podSelector": {"matchLabels": {NAME: name}}}
    if namespace:
        chosen["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return chosen


def egress_to(name: str, *ports: object, namespace: str = "") -> Data:
    return {"to": [peer(name, namespace)], "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def ingress_from(name: str, *ports: object, namespace: str = "") -> Data:
    return {"from": [peer(name, namespace)], "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


WEB, STORE = workload("web", "apps", http=80), workload("store", "data", sql=5432)
AGREED = [
    WEB,
    STORE,
    policy("web", "apps", egress=[egress_to("store", 5432, namespace="data")]),
    policy("store", "data", ingress=[ingress_from("web", "sql", namespace="apps")]),
]


def one_sided(*objects: Object) -> list[OneSidedEdge]:
    return list(NetworkPolicies(objects, "homelab").one_sided_edges())


def with_policy(changed: Object) -> list[Object]:
    return [changed if (item.kind, item.name) == (changed.kind, changed.name) else item for item in AGREED]


def test_an_edge_that_both_ends_allow_passes_with_ports_by_name_and_number() -> None:
    assert one_sided(*AGREED) == []


def test_an_edge_without_an_ingress_rule_is_reported() -> None:
    (found,) = one_sided(*with_policy(policy("store", "data")))

    assert (found.policy, found.missing) == ("apps/web", "ingress")
    assert found.fact == (
        "allows traffic from apps/web to data/store, port 5432/TCP, but the policies of data/store do not allow its ingress"
    )


def test_an_edge_without_an_egress_rule_is_reported() -> None:
    (found,) = one_sided(*with_policy(policy("web", "apps")))

    assert (found.policy, found.missing) == ("data/store", "egress")
    assert found.fact.endswith("but the policies of apps/web do not allow its egress")


@pytest.mark.parametrize(
    "ingress",
    [
        ingress_from("web", "sql"),
        ingress_from("web", 5433, namespace="apps"),
        ingress_from("other", "sql", namespace="apps"),
        ingress_from("web", "sql", namespace="data"),
        {**ingress_from("web", namespace="apps"), "ports": [{"port": "sql", "protocol": "UDP"}]},
    ],
    ids=["another namespace", "another port", "another pod", "the namespace of the other", "another protocol"],
)
def test_a_similar_ingress_rule_does_not_allow_it(ingress: Data) -> None:
    assert "ingress" in {item.missing for item in one_sided(*with_policy(policy("store", "data", ingress=[ingress])))}


@pytest.mark.parametrize(
    "ingress",
    [
        {"ports": [{"port": "sql", "protocol": "TCP"}]},
        {"from": [peer("web", "apps")]},
        {"from": [peer("web", "apps")], "ports": [{"port": 5000, "endPort": 6000, "protocol": "TCP"}]},
        {"from": [{"podSelector": {}, "namespaceSelector": {}}], "ports": [{"port": 5432, "protocol": "TCP"}]},
    ],
    ids=["from all peers", "every port", "a range", "every pod"],
)
def test_a_wider_ingress_rule_allows_it(ingress: Data) -> None:
    wide = policy("store", "data", ingress=[ingress])

    assert [item for item in one_sided(*with_policy(wide)) if item.missing == "ingress"] == []


def test_edges_to_every_pod_of_the_platform_select_its_label() -> None:
    chosen = {"matchLabels": {"app.kubernetes.io/part-of": "homelab"}}
    every = {"to": [{"namespaceSelector": chosen, "podSelector": chosen}]}

    assert one_sided(*with_policy(policy("web", "apps", egress=[every]))) == []
    strange = copy.deepcopy(every)
    strange["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/part-of"] = "another"
    assert [item.missing for item in one_sided(*with_policy(policy("web", "apps", egress=[strange])))] == ["egress"]


def test_policies_do_not_apply_to_pods_on_the_host_network() -> None:
    host = workload("store", "data", host=True, sql=5432)

    assert one_sided(WEB, host, policy("web", "apps", egress=[egress_to("store", 5432, namespace="data")])) == []


def test_addresses_and_pods_that_are_not_installed_are_not_reported() -> None:
    egress = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, egress_to("nobody", 1)]

    assert one_sided(WEB, policy("web", "apps", egress=egress)) == []


def test_a_peer_that_selects_several_pods_of_an_application_needs_the_ingress_rule_of_one() -> None:
    role = "app.kubernetes.io/component"
    pods = [workload("store", "data", sql=5432), workload("store", "data")]
    for pod, name in zip(pods, ("server", "copier"), strict=True):
        pod.data["spec"]["template"]["metadata"]["labels"][role] = name
    policies = [
        policy("store", "data", ingress=[ingress_from("web", "sql", namespace="apps")]),
        policy("store", "data"),
    ]
    for one, name in zip(policies, ("server", "copier"), strict=True):
        one.data["spec"]["podSelector"]["matchLabels"][role] = name
    renamed = [replace(pod, name=f"store-{number}") for number, pod in enumerate(pods)]
    web = policy("web", "apps", egress=[egress_to("store", 5432, namespace="data")])

    assert one_sided(WEB, web, *renamed, *policies) == []
    assert [item.missing for item in one_sided(WEB, web, *renamed, policies[1])] == ["ingress"]
