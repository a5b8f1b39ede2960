"""A sync wave that waits for what a later one brings never ends: Argo CD, MetalLB and a Service with a real address say so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.tools.process import wait_until
from slipway.tools.run import Command, run_process
from slipway.util.mapping import dig, listing
from slipway.util.yaml import dump
from testing.node import NodeLab

WAIT_S = 300.0
NAMESPACE = "infra"
"""MetalLB reads its pools in its own namespace."""
SERVICE_WAVE = 10
TEMPLATE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  annotations: {{argocd.argoproj.io/sync-wave: "{service}", metallb.io/address-pool: {name}}}
spec: {{type: LoadBalancer, ports: [{{port: 80}}]}}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: {name}
  annotations: {{argocd.argoproj.io/sync-wave: "{pool}"}}
spec: {{addresses: [{address}/32], autoAssign: false}}
"""


class Delivered:
    """A Service and its pool, delivered by an Application of their own."""

    def __init__(self, node: NodeLab, folder: Path, name: str, pool_wave: int) -> None:
        self.node, self.name = node, name
        chart = folder / name
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text(f"{{apiVersion: v2, name: {name}, version: 1.0.0}}", encoding="utf-8")
        # Of no other pool: MetalLB takes none of them when two overlap.
        address = node.home.free[-1]
        text = TEMPLATE.format(name=name, service=SERVICE_WAVE, pool=pool_wave, address=address)
        (chart / "templates" / "all.yaml").write_text(text, encoding="utf-8")
        addresses = node.place.addresses
        push = ("helm", "push", f"{name}-1.0.0.tgz", f"oci://{addresses.registry}/charts", "--plain-http")
        for argv in (("helm", "package", name), push):
            run_process(Command(argv=argv, cwd=folder))
        node.kubectl.apply(dump(self.application(f"oci://{addresses.registry_inside}/charts/{name}")), manager="test")

    def application(self, repository: str) -> dict[str, object]:
        source = {"repoURL": repository, "path": ".", "targetRevision": "1.0.0"}
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": self.name, "namespace": "argocd"},
            "spec": {
                "project": "default",
                "source": source,
                "destination": {"namespace": NAMESPACE, "server": "https://kubernetes.default.svc"},
                "syncPolicy": {"automated": {}},
            },
        }

    @property
    def message(self) -> str:
        status = dig(self.node.kubectl.find("application", self.name, "-n", "argocd") or {}, "status")
        conditions = [str(item.get("message")) for item in listing(status, "conditions")]
        return " ".join([str(dig(status, "operationState").get("message", "")), *conditions])

    @property
    def health(self) -> object:
        found = self.node.kubectl.find("application", self.name, "-n", "argocd") or {}
        return dig(found, "status", "health").get("status")

    def has(self, kind: str) -> bool:
        return self.node.kubectl.find(kind, self.name, "-n", NAMESPACE) is not None

    def remove(self) -> None:
        self.node.kubectl("delete", "application", self.name, "-n", "argocd", "--wait=false", "--ignore-not-found")
        for kind in ("service", "ipaddresspool.metallb.io"):
            self.node.kubectl("delete", kind, self.name, "-n", NAMESPACE, "--ignore-not-found", "--wait=false")


@pytest.fixture
def delivered(node: NodeLab, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Delivered]:
    name, pool_wave = request.param
    made = Delivered(node, tmp_path, name, pool_wave)
    yield made
    made.remove()


@pytest.mark.parametrize("delivered", [("late-pool", SERVICE_WAVE + 5)], indirect=True)
def test_an_address_whose_pool_comes_in_a_later_wave_never_comes(delivered: Delivered) -> None:
    assert wait_until(lambda: "waiting for healthy state of /Service/late-pool" in delivered.message, WAIT_S), (
        delivered.message
    )

    assert delivered.has("service")
    assert not delivered.has("ipaddresspool.metallb.io")


@pytest.mark.parametrize("delivered", [("early-pool", SERVICE_WAVE - 5)], indirect=True)
def test_an_address_whose_pool_comes_first_is_assigned(delivered: Delivered) -> None:
    assert wait_until(lambda: delivered.health == "Healthy" and delivered.has("service"), WAIT_S), delivered.message
