"""What the operators of a lab decide: objects in, changes out."""

from collections.abc import Mapping, Sequence

import pytest

from slipway.lab.operators import addresses, certificates, databases, pods, sealed, watch, webhooks
from slipway.lab.operators.seen import (
    CERT_MANAGER,
    CLOUDNATIVE_PG,
    METALLB,
    SEALED_SECRETS,
    TRAEFIK,
    Change,
    Data,
    NewSecret,
    Operator,
    Patch,
    Seen,
)  # fmt: skip
from slipway.util.mapping import dig

NOW = "2026-01-01T00:00:00Z"


def item(kind: str, name: str, spec: Data | None = None, **fields: object) -> dict[str, object]:
    """An object of the namespace `one`."""
    meta = {"name": name, "namespace": "one", "generation": 1, **dig(fields, "metadata")}
    return {"kind": kind, "spec": spec or {}, **fields, "metadata": meta}


def running(operator: Operator, *, ready: str = "True", **metadata: object) -> dict[str, object]:
    """A pod of an operator."""
    labels = {"app.kubernetes.io/name": operator.chart, "app.kubernetes.io/component": operator.controller}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    return item("Pod", operator.chart, metadata={"labels": labels, **metadata}, status=status)


def seen(*items: Mapping[str, object]) -> Seen:
    """A cluster with these objects."""
    kinds = {str(one["kind"]) for one in items}
    return Seen(objects={kind: tuple(one for one in items if one["kind"] == kind) for kind in kinds})


def service(name: str, notes: Data | None = None, given: str = "", **spec: object) -> dict[str, object]:
    """A Service of type LoadBalancer."""
    balanced = {"type": "LoadBalancer", "ports": [{"port": 80}], **spec}
    status = {"loadBalancer": {"ingress": [{"ip": given}]}} if given else {}
    return item("Service", name, balanced, metadata={"annotations": notes or {}}, status=status)


def pool(name: str, *ranges: str, **spec: object) -> dict[str, object]:
    """A pool."""
    return item("IPAddressPool", name, {"addresses": list(ranges), **spec})


def given(*items: Mapping[str, object]) -> dict[str, list[str]]:
    """Service → addresses that MetalLB gives it."""
    found = {}
    for change in addresses.load_balancers(seen(running(METALLB), *items), NOW):
        assert isinstance(change, Patch)
        found[change.name] = addresses.ingress(change.body)
    return found


TWO = pool("lan", "198.18.0.1-198.18.0.2")


def test_a_service_has_no_address_without_a_pool() -> None:
    assert given(service("web")) == {}
    assert given(service("web"), TWO) == {"web": ["198.18.0.1"]}


def test_a_service_has_no_address_without_metallb() -> None:
    for pods_of_it in ((), (running(METALLB, ready="False"),)):
        assert list(addresses.load_balancers(seen(service("web"), TWO, *pods_of_it), NOW)) == []


def test_metallb_reads_the_pools_of_its_own_namespace() -> None:
    assert given(service("web"), {**TWO, "metadata": {"name": "lan", "namespace": "other"}}) == {}


def test_an_address_is_given_once_and_the_last_service_has_none() -> None:
    assert given(service("a"), service("b"), service("c"), TWO) == {"a": ["198.18.0.1"], "b": ["198.18.0.2"]}


def test_who_has_an_address_keeps_it() -> None:
    assert given(service("a"), service("b", given="198.18.0.1"), TWO) == {"a": ["198.18.0.2"]}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [("198.18.0.2", {"web": ["198.18.0.2"]}), ("198.18.0.9", {}), ("web.example.org", {})],
    ids=["inside", "outside", "no-address"],
)
def test_the_address_that_is_asked_for_is_given_or_none(asked: str, wanted: dict[str, list[str]]) -> None:
    assert given(service("web", {addresses.ASKED: asked}), TWO) == wanted
    assert given(service("web", loadBalancerIP=asked), TWO) == wanted


def test_an_address_that_is_not_the_asked_one_or_of_no_pool_is_taken_back() -> None:
    assert given(service("web", {addresses.ASKED: "198.18.0.2"}, given="198.18.0.1"), TWO) == {"web": ["198.18.0.2"]}
    assert given(service("web", given="198.18.0.1")) == {"web": []}


def test_services_share_an_address_with_one_key_and_different_ports() -> None:
    notes = {addresses.ASKED: "198.18.0.1", addresses.SHARED: "dns"}
    udp = service("udp", notes, ports=[{"port": 53, "protocol": "UDP"}])
    tcp = service("tcp", notes, ports=[{"port": 53, "protocol": "TCP"}])

    assert given(udp, tcp, TWO) == {"tcp": ["198.18.0.1"], "udp": ["198.18.0.1"]}
    assert given(udp, {**udp, "metadata": {**dig(udp, "metadata"), "name": "z"}}, TWO) == {"udp": ["198.18.0.1"]}
    assert given(udp, service("other", {addresses.ASKED: "198.18.0.1"}), TWO) == {"other": ["198.18.0.1"]}


def test_a_pool_is_named_reserved_or_kept_for_a_namespace() -> None:
    reserved = pool("reserved", "198.18.1.0/24", autoAssign=False)
    elsewhere = pool("elsewhere", "198.18.2.0/24", serviceAllocation={"namespaces": ["other"]})
    here = pool("here", "198.18.3.0/24", serviceAllocation={"namespaces": ["one"]})
    chosen = pool("a", "198.18.4.0/24", serviceAllocation={"serviceSelectors": [{"matchLabels": {"a": "b"}}]})

    assert given(service("web"), reserved, elsewhere, chosen) == {}
    assert given(service("web", {addresses.POOL: "reserved"}), reserved) == {"web": ["198.18.1.0"]}
    assert given(service("web", {addresses.ASKED: "198.18.1.7"}), reserved) == {"web": ["198.18.1.7"]}
    assert given(service("web"), TWO, here) == {"web": ["198.18.3.0"]}


def test_addresses_that_old_devices_drop_are_left_out() -> None:
    assert given(service("web"), pool("lan", "198.18.0.255-198.18.1.1", avoidBuggyIPs=True)) == {"web": ["198.18.1.1"]}


def test_a_service_of_two_families_has_both_addresses_or_none() -> None:
    both = service("web", ipFamilies=["IPv4", "IPv6"])

    assert given(both, TWO) == {}
    assert given(both, TWO, pool("six", "2001:db8::/64")) == {"web": ["198.18.0.1", "2001:db8::"]}


def test_a_range_that_is_none_and_a_service_of_another_class_are_left_alone() -> None:
    assert given(service("web"), pool("lan", "nonsense")) == {}
    assert given(service("web", loadBalancerClass="other"), TWO) == {}


def test_an_ingress_has_the_address_of_the_service_that_leads_to_traefik() -> None:
    leading = service("traefik", given="198.18.0.1", selector={"app.kubernetes.io/name": "traefik"})
    other = service("other", given="198.18.0.2", selector={"app.kubernetes.io/name": "other"})
    waiting = service("traefik", selector={"app.kubernetes.io/name": "traefik"})
    ingress = item("Ingress", "site")

    (change,) = addresses.ingresses(seen(running(TRAEFIK), other, leading, ingress), NOW)
    assert isinstance(change, Patch)
    assert addresses.ingress(change.body) == ["198.18.0.1"]
    assert list(addresses.ingresses(seen(running(TRAEFIK), waiting, ingress), NOW)) == []
    assert list(addresses.ingresses(seen(leading, ingress), NOW)) == []


def reading(**spec: object) -> dict[str, object]:
    """A pod on a node that waits for its containers."""
    made = {"nodeName": "lab", "containers": [{"name": "app", "image": "app:1", **dig(spec, "container")}], **spec}
    return item("Pod", "reader", made, status={"phase": "Pending"})


def variable(field: str, **reference: object) -> dict[str, object]:
    """A pod with a variable from elsewhere."""
    return reading(container={"env": [{"name": "A", "valueFrom": {field: {"name": "it", "key": "a", **reference}}}]})


def volume(**source: object) -> dict[str, object]:
    """A pod with a volume."""
    return reading(volumes=[{"name": "v", **source}])


SECRET = item("Secret", "it", data={"a": ""})
CONFIG = item("ConfigMap", "it", data={"a": ""})


def message(pod: Mapping[str, object], *items: Mapping[str, object]) -> str:
    """What a pod waits for; empty when it may start."""
    (change,) = pods.decide(seen(pod, *items), NOW)
    assert isinstance(change, Patch)
    if not change.status:
        assert pods.STARTABLE in dig(change.body, "metadata", "annotations")
        return ""
    return change.why


@pytest.mark.parametrize(
    ("pod", "kind"),
    [
        (variable("secretKeyRef"), "secret"),
        (variable("configMapKeyRef"), "configmap"),
        (reading(container={"envFrom": [{"secretRef": {"name": "it"}}]}), "secret"),
        (reading(container={"envFrom": [{"configMapRef": {"name": "it"}}]}), "configmap"),
        (reading(initContainers=[{"name": "i", "envFrom": [{"secretRef": {"name": "it"}}]}]), "secret"),
        (volume(secret={"secretName": "it"}), "secret"),
        (volume(configMap={"name": "it"}), "configmap"),
        (volume(projected={"sources": [{"secret": {"name": "it"}}]}), "secret"),
        (volume(projected={"sources": [{"configMap": {"name": "it"}}]}), "configmap"),
    ],
)
def test_a_pod_waits_for_what_it_reads(pod: dict[str, object], kind: str) -> None:
    assert message(pod) == f'{kind} "it" not found'
    assert message(pod, {**SECRET, "metadata": {"name": "it", "namespace": "two"}}) == f'{kind} "it" not found'
    assert message(pod, SECRET, CONFIG) == ""


def test_a_pod_waits_for_a_key() -> None:
    assert message(variable("secretKeyRef", key="b"), SECRET) == "couldn't find key b in Secret one/it"
    items = [{"key": "b", "path": "b"}]
    assert (
        message(volume(configMap={"name": "it", "items": items}), CONFIG) == "couldn't find key b in ConfigMap one/it"
    )


@pytest.mark.parametrize(
    "pod",
    [
        reading(),
        variable("secretKeyRef", optional=True),
        volume(secret={"secretName": "it", "optional": True}),
        volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
        volume(emptyDir={}),
    ],
)
def test_a_pod_that_needs_nothing_starts(pod: dict[str, object]) -> None:
    assert message(pod) == ""


def test_a_pod_says_what_it_waits_for_as_a_kubelet_does_and_says_it_once() -> None:
    (change,) = pods.decide(seen(variable("secretKeyRef")), NOW)
    assert isinstance(change, Patch)
    pod = {**variable("secretKeyRef"), "status": {"phase": "Pending", **dig(change.body, "status")}}

    assert '"reason": "CreateContainerConfigError"' in str(pod).replace("'", '"')
    assert list(pods.decide(seen(pod), NOW)) == []


def test_a_pod_without_a_node_or_that_started_is_left_alone() -> None:
    assert (
        list(
            pods.decide(
                seen(
                    {
                        **variable("secretKeyRef"),
                        "spec": {**dig(volume(secret={"secretName": "it"}), "spec"), "nodeName": ""},
                    }
                ),
                NOW,
            )
        )
        == []
    )
    assert list(pods.decide(seen({**reading(), "status": {"phase": "Running"}}), NOW)) == []


def ready(made: Mapping[str, object], name: str = "Ready") -> dict[str, object]:
    """The object with this condition."""
    message = {"type": name, "status": "True", "reason": name, "message": "played by the lab", "observedGeneration": 1}
    return {**made, "status": {"conditions": [message]}}


def conditions(changes: Sequence[Change]) -> dict[str, tuple[str, str]]:
    """Object → status and message of its condition."""
    found = {}
    for change in changes:
        if isinstance(change, Patch):
            (condition,) = dig(change.body, "status")["conditions"]
            found[f"{change.kind}/{change.name}"] = (condition["status"], condition["message"])
    return found


CERTIFICATE = item(
    "Certificate", "site", {"secretName": "tls", "dnsNames": ["example.org"], "issuerRef": {"name": "ours"}}
)
ISSUER = item("Issuer", "ours", {"selfSigned": {}})


def issued(*items: Mapping[str, object]) -> list[Change]:
    """What cert-manager does."""
    return list(certificates.decide(seen(running(CERT_MANAGER), *items), NOW))


def test_a_certificate_waits_for_its_issuer() -> None:
    assert conditions(issued(CERTIFICATE)) == {"Certificate/site": ("False", 'Issuer "ours" not found')}
    found = conditions(issued(CERTIFICATE, ISSUER))
    assert found["Certificate/site"] == ("False", 'Issuer "ours" is not ready')
    assert found["Issuer/ours"][0] == "True"


def test_a_certificate_is_issued_then_ready_then_left_alone() -> None:
    (made,) = issued(CERTIFICATE, ready(ISSUER))
    assert isinstance(made, NewSecret)
    assert (made.namespace, made.name, made.hosts) == ("one", "tls", ("example.org",))
    tls = item("Secret", "tls", data={"tls.crt": ""})
    assert conditions(issued(CERTIFICATE, ready(ISSUER), tls))["Certificate/site"][0] == "True"
    assert issued(ready(CERTIFICATE), tls) == []
    assert conditions(issued(ready(CERTIFICATE)))["Certificate/site"][0] == "False"


def test_an_issuer_of_an_authority_needs_its_secret_and_one_of_acme_those_of_its_solvers() -> None:
    authority = item("Issuer", "ours", {"ca": {"secretName": "ca"}})
    assert conditions(issued(authority)) == {"Issuer/ours": ("False", 'secret "ca" not found')}
    token = {"cloudflare": {"apiTokenSecretRef": {"name": "token", "key": "api-token"}}}
    spec = {"acme": {"privateKeySecretRef": {"name": "account"}, "solvers": [{"dns01": token}]}}
    acme = ready(item("ClusterIssuer", "public", spec, metadata={"namespace": ""}))
    wanted = item(
        "Certificate", "site", {"secretName": "tls", "issuerRef": {"name": "public", "kind": "ClusterIssuer"}}
    )
    account, key = item("Secret", "account", data={"tls.key": ""}), item("Secret", "token", data={"api-token": ""})

    assert [change.name for change in issued(acme)] == ["account"]
    assert conditions(issued(acme, account, wanted)) == {
        "Certificate/site": ("False", 'ClusterIssuer "public": secret "token" not found')
    }
    assert [change.name for change in issued(acme, account, wanted, key)] == ["tls"]


def test_nothing_is_issued_where_cert_manager_does_not_run() -> None:
    assert list(certificates.decide(seen(CERTIFICATE, ISSUER), NOW)) == []


CLUSTER = item("Cluster", "db", {"instances": 1, "storage": {"size": "1Gi", "storageClass": "disk"}})


def started(*items: Mapping[str, object]) -> list[Change]:
    """What CloudNativePG does."""
    return list(databases.decide(seen(running(CLOUDNATIVE_PG), *items), NOW))


def test_a_database_cluster_waits_for_its_storage_then_has_its_secrets_then_is_ready() -> None:
    disk = item("StorageClass", "disk", metadata={"namespace": ""})
    assert conditions(started(CLUSTER)) == {"Cluster/db": ("False", 'storageclass "disk" not found')}
    made = [change for change in started(CLUSTER, disk) if isinstance(change, NewSecret)]
    assert [change.name for change in made] == ["db-ca", "db-server", "db-replication", "db-app"]
    assert "password" in made[-1].keys
    there = [item("Secret", change.name) for change in made]
    assert conditions(started(CLUSTER, disk, *there)) == {"Cluster/db": ("True", "played by the lab")}
    assert list(databases.decide(seen(CLUSTER, disk), NOW)) == []


def test_a_database_cluster_waits_for_the_secret_that_it_is_made_from() -> None:
    spec = {"bootstrap": {"initdb": {"secret": {"name": "account"}}}}
    assert conditions(started(item("Cluster", "db", spec))) == {"Cluster/db": ("False", 'secret "account" not found')}


def test_a_database_is_applied_when_its_cluster_is_ready_and_again_when_it_changes() -> None:
    database = item("Database", "app", {"cluster": {"name": "db"}})
    healthy = ready(CLUSTER)
    healthy["status"] = {**dig(healthy, "status"), "readyInstances": 1}

    assert [change.kind for change in started(database, CLUSTER)] == ["Cluster"]
    assert [change.name for change in started(database, healthy)] == ["app"]
    applied = {**database, "status": {"applied": True, "observedGeneration": 1}}
    assert started(applied, healthy) == []
    assert len(started({**applied, "metadata": {**dig(applied, "metadata"), "generation": 2}}, healthy)) == 1


def test_a_sealed_secret_becomes_a_secret_with_its_keys_then_is_synced() -> None:
    one = item("SealedSecret", "it", {"encryptedData": {"password": "AgBy"}})

    (made,) = sealed.decide(seen(running(SEALED_SECRETS), one), NOW)
    assert isinstance(made, NewSecret)
    assert made.keys == ("password",)
    assert (
        conditions(list(sealed.decide(seen(running(SEALED_SECRETS), one, SECRET), NOW)))["SealedSecret/it"][0] == "True"
    )
    assert list(sealed.decide(seen(running(SEALED_SECRETS), ready(one, "Synced"), SECRET), NOW)) == []
    assert list(sealed.decide(seen(one), NOW)) == []


def hooks(kind: str, authority: str = "") -> dict[str, object]:
    """CloudNativePG's configuration of a kind, with the authority of its webhook where it has one."""
    service = {"namespace": "one", "name": "cnpg-webhook-service", "path": "/admit"}
    asked = {"service": service, **({"caBundle": authority} if authority else {})}
    made = item(kind, webhooks.CONFIGURATIONS[kind], webhooks=[{"name": "vcluster.cnpg.io", "clientConfig": asked}])
    return {**made, "metadata": {"name": webhooks.CONFIGURATIONS[kind]}}


def test_the_webhooks_of_databases_have_one_certificate_for_the_name_that_an_api_server_asks() -> None:
    (made,) = webhooks.decide(seen(*map(hooks, webhooks.CONFIGURATIONS)), NOW)

    assert isinstance(made, NewSecret)
    assert (made.namespace, made.name, made.hosts) == ("one", webhooks.SECRET, ("cnpg-webhook-service.one.svc",))


def test_an_api_server_is_told_the_authority_of_that_certificate_once_and_nothing_else_is_changed() -> None:
    secret = item("Secret", webhooks.SECRET, data={"tls.crt": "Y2E="})
    kind = next(iter(webhooks.CONFIGURATIONS))

    (change,) = webhooks.decide(seen(secret, hooks(kind)), NOW)

    assert isinstance(change, Patch)
    assert (change.namespace, change.status) == ("", False)
    assert change.body == {"webhooks": hooks(kind, "Y2E=")["webhooks"]}
    assert list(webhooks.decide(seen(secret, hooks(kind, "Y2E=")), NOW)) == []


def test_of_a_secret_an_operator_sees_its_keys_and_the_certificate_that_others_have_to_trust() -> None:
    kept = watch.slim("Secret", item("Secret", "one", data={"tls.crt": "Y2E=", "tls.key": "a2V5"}))

    assert kept["data"] == {"tls.crt": "Y2E=", "tls.key": ""}
