"""In which order things come: waves within an umbrella, umbrellas among each other, and a release that changes nothing."""

import itertools
from collections.abc import Mapping

from slipway.cluster.live_objects import kubectl_resource
from slipway.core.model import ChartName
from slipway.lab import lab
from slipway.policy.argocd import sync_wave
from slipway.util.mapping import dig
from testing.cluster import MakePlatform, Platform, definition, edit

LARGE = """{
  type: object,
  properties: {size: {type: integer}},
  x-kubernetes-validations: [{rule: self.size > 2, message: a part is larger than 2}],
}"""
PART = """
extraObjects:
  part:
    apiVersion: order.example.org/v1
    kind: Part
    metadata: {name: part}
    spec: {size: 3}
"""


def test_the_waves_of_an_umbrella_come_one_after_the_other(homelab: Platform) -> None:
    # Argo CD's own objects are there before it runs, and what several bring has no place in the order of one.
    umbrellas = set(homelab.umbrellas) - {homelab.lab.context.config.argocd_namespace}
    for umbrella in umbrellas:
        created: dict[int, list[str]] = {}
        for item in homelab.rendered(umbrella):
            found = homelab.find(kubectl_resource(item), item.name, umbrella)
            if found is not None and item.kind not in {"CustomResourceDefinition", "StorageClass"}:
                created.setdefault(sync_wave(item), []).append(str(dig(found, "metadata")["creationTimestamp"]))
        assert len(created) > 1
        for earlier, later in itertools.pairwise(sorted(created)):
            assert max(created[earlier]) <= min(created[later]), f"{umbrella}: wave {later} before {earlier}"


def test_an_umbrella_that_needs_another_ones_kinds_converges_when_that_one_comes_later(deliver: MakePlatform) -> None:
    here = deliver("order", {"a": ["maker"], "b": ["user"]})
    here.service("order-user", PART)
    here.repo.write("charts/order-maker/crds/parts.yaml", definition("Part", "order.example.org", LARGE))
    brings_definitions(here, "order-a")
    pins = here.publish()

    here.pin({ChartName("order-b"): pins[ChartName("order-b")]})
    here.until(lambda: here.find("application", "order-b", "argocd") is not None)
    here.until(lambda: "order.example.org" in here.application("order-b").message)
    here.pin(pins)

    found = here.settle()
    assert {item.health for item in found.values()} == {"Healthy"}
    assert here.find("parts.order.example.org", "part", "order-b") is not None
    # A rule in a definition (CEL) is the API server's to judge.
    wrong = b"{apiVersion: order.example.org/v1, kind: Part, metadata: {name: small}, spec: {size: 1}}"
    answer = here.kubectl("create", "-n", "order-b", "-f", "-", stdin=wrong, ok_codes=None)
    assert "a part is larger than 2" in answer.stderr


def brings_definitions(here: Platform, umbrella: str) -> None:
    """Let an umbrella make definitions."""
    kinds = "apiextensions.k8s.io/CustomResourceDefinition"
    edit(here.repo, f"umbrella/{umbrella}/Chart.yaml", {"annotations": {"slipway.homelab/cluster-resources": kinds}})


def test_a_release_that_changes_nothing_starts_no_sync(deliver: MakePlatform) -> None:
    here = deliver("again")
    here.release()
    here.settle()
    before = operation(here)

    here.release()
    here.refresh("again", how="normal")

    assert here.application("again").sync == "Synced"
    assert operation(here) == before


def operation(here: Platform) -> Mapping[str, object]:
    """The last sync of an Application."""
    return dig(here.find("application", here.name, "argocd") or {}, "status", "operationState")


def test_a_hook_runs_to_its_end_before_the_sync_is_done(deliver: MakePlatform) -> None:
    here = deliver("hooked")
    here.service("hooked-one", HOOK)
    here.release()

    here.settle()

    job = here.find("job", "hooked-after", "hooked")
    assert job is not None
    assert dig(job, "status").get("succeeded") == 1
    resources = operation(here)["syncResult"]
    assert isinstance(resources, dict)
    phases = {item["name"]: item.get("hookPhase") for item in resources["resources"]}
    assert phases["hooked-after"] == "Succeeded"


HOOK = """
extraObjects:
  after:
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: hooked-after
      annotations: {helm.sh/hook: post-install, helm.sh/hook-delete-policy: before-hook-creation}
    spec:
      template:
        spec:
          restartPolicy: Never
          securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
          containers:
            - name: app
              image: registry.example.org/hook:1
              securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def test_a_range_that_no_version_fits_is_named_and_nothing_is_applied(deliver: MakePlatform) -> None:
    here = deliver("range")
    files = lab.files_of(here.lab, here.publish())
    files["applicationset.yaml"] = files["applicationset.yaml"].replace(b"{{.version}}@{{.digest}}", b"~9.0.0")

    lab.hand_over(here.lab, files)

    here.until(
        lambda: here.find("application", "range", "argocd") is not None and here.application("range").message != ""
    )
    assert "~9.0.0" in here.application("range").message
    assert here.find("deployment", "range-one", "range") is None
