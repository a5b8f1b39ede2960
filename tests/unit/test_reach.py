"""Both ends of a network edge: what one pod may send, the other must let in."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from slipway.build.render import Object
from slipway.policy.reach import Trouble, one_sided

Data = dict[str, Any]
NAME = "app.kubernetes.io/name"


def thing(kind: str, name: str, namespace: str, **data: Any) -> Object:
    return Object(api_version="v1", kind=kind, namespace=namespace, name=name, data={"kind": kind, **data})


def workload(name: str, namespace: str, *, host: bool = False, **ports: int) -> Object:
    listed = [{"name": port, "containerPort": number} for port, number in ports.items()]
    spec = {"containers": [{"name": "app", "ports": listed}], **({"hostNetwork": True} if host else {})}
    template = {"metadata": {"labels": {NAME: name, "app.kubernetes.io/part-of": "homelab"}}, "spec": spec}
    return thing("Deployment", name, namespace, spec={"template": template})


def policy(name: str, namespace: str, ingress: list[Data] | None = None, egress: list[Data] | None = None) -> Object:
    spec = {"podSelector": {"matchLabels": {NAME: name}}, "ingress": ingress or [], "egress": egress or []}
    return thing("NetworkPolicy", name, namespace, spec=spec)


def peer(name: str, namespace: str = "") -> Data:
    chosen: Data = {"podSelector": {"matchLabels": {NAME: name}}}
    if namespace:
        chosen["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return chosen


def out(name: str, *ports: object, namespace: str = "") -> Data:
    return {"to": [peer(name, namespace)], "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def into(name: str, *ports: object, namespace: str = "") -> Data:
    return {"from": [peer(name, namespace)], "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


WEB, STORE = workload("web", "apps", http=80), workload("store", "data", sql=5432)
AGREED = [
    WEB,
    STORE,
    policy("web", "apps", egress=[out("store", 5432, namespace="data")]),
    policy("store", "data", ingress=[into("web", "sql", namespace="apps")]),
]


def troubles(*objects: Object) -> list[Trouble]:
    return list(one_sided(objects, "homelab"))


def with_policy(changed: Object) -> list[Object]:
    return [changed if (item.kind, item.name) == (changed.kind, changed.name) else item for item in AGREED]


def test_an_edge_that_both_list_is_right_with_ports_by_name_and_number() -> None:
    assert troubles(*AGREED) == []


def test_an_edge_that_is_not_let_in_is_told() -> None:
    (found,) = troubles(*with_policy(policy("store", "data")))

    assert (found.policy, found.missing) == ("apps/web", "ingress")
    assert found.fact == ("lists an edge from apps/web to data/store, port 5432/TCP, and data/store does not let it in")


def test_an_edge_that_may_not_be_sent_is_told() -> None:
    (found,) = troubles(*with_policy(policy("web", "apps")))

    assert (found.policy, found.missing) == ("data/store", "egress")
    assert found.fact.endswith("and apps/web may not send it")


@pytest.mark.parametrize(
    "ingress",
    [
        into("web", "sql"),
        into("web", 5433, namespace="apps"),
        into("other", "sql", namespace="apps"),
        into("web", "sql", namespace="data"),
        {**into("web", namespace="apps"), "ports": [{"port": "sql", "protocol": "UDP"}]},
    ],
    ids=["another namespace", "another port", "another pod", "the namespace of the other", "another protocol"],
)
def test_an_edge_that_is_only_similar_does_not_count(ingress: Data) -> None:
    assert "ingress" in {item.missing for item in troubles(*with_policy(policy("store", "data", ingress=[ingress])))}


@pytest.mark.parametrize(
    "ingress",
    [
        {"ports": [{"port": "sql", "protocol": "TCP"}]},
        {"from": [peer("web", "apps")]},
        {"from": [peer("web", "apps")], "ports": [{"port": 5000, "endPort": 6000, "protocol": "TCP"}]},
        {"from": [{"podSelector": {}, "namespaceSelector": {}}], "ports": [{"port": 5432, "protocol": "TCP"}]},
    ],
    ids=["from everybody", "every port", "a range", "every pod"],
)
def test_a_wider_door_lets_it_in(ingress: Data) -> None:
    wide = policy("store", "data", ingress=[ingress])

    assert [item for item in troubles(*with_policy(wide)) if item.missing == "ingress"] == []


def test_edges_to_every_pod_of_the_platform_go_by_its_label() -> None:
    chosen = {"matchLabels": {"app.kubernetes.io/part-of": "homelab"}}
    every = {"to": [{"namespaceSelector": chosen, "podSelector": chosen}]}

    assert troubles(*with_policy(policy("web", "apps", egress=[every]))) == []
    strange = copy.deepcopy(every)
    strange["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/part-of"] = "another"
    assert [item.missing for item in troubles(*with_policy(policy("web", "apps", egress=[strange])))] == ["egress"]


def test_pods_on_the_network_of_the_node_are_beyond_policies() -> None:
    host = workload("store", "data", host=True, sql=5432)

    assert troubles(WEB, host, policy("web", "apps", egress=[out("store", 5432, namespace="data")])) == []


def test_addresses_and_pods_that_are_not_installed_are_nobodys_fault() -> None:
    egress = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, out("nobody", 1)]

    assert troubles(WEB, policy("web", "apps", egress=egress)) == []


def test_a_peer_that_means_several_pods_of_an_application_is_answered_by_one_of_them() -> None:
    role = "app.kubernetes.io/component"
    pods = [workload("store", "data", sql=5432), workload("store", "data")]
    for pod, name in zip(pods, ("server", "copier"), strict=True):
        pod.data["spec"]["template"]["metadata"]["labels"][role] = name
    policies = [policy("store", "data", ingress=[into("web", "sql", namespace="apps")]), policy("store", "data")]
    for one, name in zip(policies, ("server", "copier"), strict=True):
        one.data["spec"]["podSelector"]["matchLabels"][role] = name
    renamed = [replace(pod, name=f"store-{number}") for number, pod in enumerate(pods)]
    web = policy("web", "apps", egress=[out("store", 5432, namespace="data")])

    assert troubles(WEB, web, *renamed, *policies) == []
    assert [item.missing for item in troubles(WEB, web, *renamed, policies[1])] == ["ingress"]
