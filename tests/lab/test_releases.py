"""A change reaches exactly what it must, in order, and goes back; what holds data outlives every removal."""

import dataclasses
import os
import signal
from collections.abc import Mapping

import pytest

from slipway.core.model import ChartName
from slipway.lab import lab
from slipway.registry import publish
from slipway.util.mapping import dig
from testing.cluster import MakePlatform, Platform, edit
from testing.tampering import move_tag


def test_a_release_of_one_service_restarts_only_its_pods_and_leaves_other_namespaces_alone(
    deliver: MakePlatform,
) -> None:
    here = deliver("second", {"a": ["one", "two"], "b": ["three"]})
    here.release()
    here.settle()
    before = {name: here.pods(name) for name in here.umbrellas}
    other = here.application("second-b").revision

    here.repo.replace("charts/second-one/values.yaml", "GREETING: hello", "GREETING: moin")
    here.raise_version("second-one", "1.0.1")
    here.release()
    here.settle(accept=lambda item: item.healthy and (item.name != "second-a" or "1.0.1" in item.wanted))
    here.until(lambda: set(here.pods("second-a")) == {"second-one", "second-two"})

    after = {name: here.pods(name) for name in here.umbrellas}
    assert after["second-b"] == before["second-b"]
    assert after["second-a"]["second-two"] == before["second-a"]["second-two"]
    assert after["second-a"]["second-one"] != before["second-a"]["second-one"]
    assert here.application("second-b").revision == other


def test_going_back_to_the_earlier_pin_brings_the_earlier_objects_back(deliver: MakePlatform) -> None:
    here = deliver("rollback")
    first = here.release()
    here.settle()
    spec = greeting(here)
    here.repo.replace("charts/rollback-one/values.yaml", "GREETING: hello", "GREETING: moin")
    here.raise_version("rollback-one", "1.0.1")
    here.release()
    here.settle(accept=lambda item: item.healthy and "1.0.1" in item.wanted)
    assert greeting(here) != spec

    here.pin(first)

    here.settle(accept=lambda item: item.healthy and item.wanted.startswith("1.0.0@"))
    assert greeting(here) == spec


def greeting(here: Platform) -> object:
    """The pod template of the first service."""
    found = here.find("deployment", f"{here.name}-one", here.name)
    assert found is not None
    return dig(found, "spec", "template")


def test_a_second_comparison_after_a_release_finds_nothing_to_do(deliver: MakePlatform) -> None:
    here = deliver("calm")
    here.release()
    here.settle()
    deployment = here.find("deployment", "calm-one", "calm")

    here.refresh("calm")

    found = here.settle()["calm"]
    assert (found.sync, found.health) == ("Synced", "Healthy")
    again = here.find("deployment", "calm-one", "calm")
    assert dig(again or {}, "metadata")["resourceVersion"] == dig(deployment or {}, "metadata")["resourceVersion"]


def test_a_service_taken_out_of_its_umbrella_goes_and_its_claim_stays(deliver: MakePlatform) -> None:
    here = deliver("removed")
    here.release()
    here.settle()
    claim = here.uid("pvc", "removed-one-config", "removed")

    here.repo.umbrella("removed", ["removed-two"], version="1.1.0")
    here.release()

    here.until(lambda: here.find("deployment", "removed-one", "removed") is None, "the workload is still there")
    here.until(lambda: here.application("removed").health == "Healthy")
    assert here.uid("pvc", "removed-one-config", "removed") == claim


@pytest.mark.parametrize("settings", [{}, {"rolling_sync": True}, {"source": "helm"}], ids=str)
def test_an_umbrella_taken_out_of_the_pins_leaves_everything_that_holds_data(
    deliver: MakePlatform, settings: Mapping[str, object]
) -> None:
    name = f"gone{len(str(settings))}"
    here = deliver(name, {"a": ["one"], "b": ["two"]}, **settings)
    pins = dict(here.release())
    here.settle()
    claim = here.uid("pvc", f"{name}-two-config", f"{name}-b")

    del pins[ChartName(f"{name}-b")]
    here.pin(pins)

    here.until(lambda: here.find("application", f"{name}-b", "argocd") is None, "the Application is still there")
    assert here.uid("pvc", f"{name}-two-config", f"{name}-b") == claim
    assert here.find("deployment", f"{name}-two", f"{name}-b") is not None
    assert here.settle([f"{name}-a"])[f"{name}-a"].health == "Healthy"


def test_umbrellas_converge_step_by_step_with_the_rolling_switch_on(deliver: MakePlatform) -> None:
    here = deliver("steps", {"a": ["one"], "b": ["two"]}, rolling_sync=True)
    for umbrella, step in (("steps-a", "20"), ("steps-b", "10")):
        edit(here.repo, f"umbrella/{umbrella}/Chart.yaml", {"annotations": {"slipway.homelab/sync-step": step}})
    here.release()

    here.settle()

    first, second = (finished(here, name) for name in ("steps-b", "steps-a"))
    assert first[1] <= second[0], "the second step began before the first one had ended"


def finished(here: Platform, name: str) -> tuple[str, str]:
    """Start and end of an Application's last operation."""
    found = dig(here.find("application", name, "argocd") or {}, "status", "operationState")
    return str(found["startedAt"]), str(found["finishedAt"])


def test_a_tag_that_somebody_overwrote_does_not_fool_the_pin(deliver: MakePlatform) -> None:
    here = deliver("fooled")
    here.release()
    here.settle()
    spec = greeting(here)
    lab_of = here.lab
    foreign = publish.upload_of(lab.build(lab_of.context)[ChartName("fooled-one")].archive)
    registry = lab_of.context.registry
    for content in (foreign.config, foreign.layer):
        registry.push_blob(ChartName("fooled"), content)
    registry.put_manifest("fooled", foreign.digest, foreign.manifest)
    move_tag(here.place.folder / "registry/data", registry.config.repository("fooled"), "1.0.0", foreign.digest)

    here.refresh("fooled")

    assert here.settle()["fooled"].sync == "Synced"
    assert greeting(here) == spec


@pytest.mark.parametrize("source", ["helm", "oci"])
def test_a_silent_registry_harms_no_workload_and_in_helm_form_not_even_the_sync_status(
    deliver: MakePlatform, source: str
) -> None:
    name = f"silent-{source}"
    here = deliver(name, source=source)
    here.release()
    here.settle()
    pods = here.pods(name)
    state = here.place.running()
    assert state is not None
    process = state.parts["registry"].pid

    os.kill(process, signal.SIGSTOP)
    try:
        here.refresh(name, how="normal")
        found = here.application(name)
    finally:
        os.kill(process, signal.SIGCONT)

    assert found.health == "Healthy"
    if source == "helm":
        assert (found.sync, found.message) == ("Synced", "")
    assert here.pods(name) == pods


def test_a_wrong_digest_is_named_by_the_application_and_nothing_is_applied(deliver: MakePlatform) -> None:
    here = deliver("astray")
    pins = here.publish()
    wrong = {
        name: dataclasses.replace(item, manifest=type(item.manifest)("sha256:" + "0" * 64))
        for name, item in pins.items()
    }

    here.pin(wrong)

    here.until(lambda: failed(here, "astray"))
    assert "sha256:000" in here.application("astray").message
    assert here.find("deployment", "astray-one", "astray") is None


def test_a_values_file_that_the_package_lacks_is_named_and_nothing_is_applied(deliver: MakePlatform) -> None:
    here = deliver("valueless")
    pins = here.publish()
    files = lab.files_of(here.lab, pins)
    files["applicationset.yaml"] = files["applicationset.yaml"].replace(b"values-valueless.yaml", b"values-other.yaml")

    lab.hand_over(here.lab, files)

    here.until(lambda: failed(here, "valueless"))
    assert "values-other.yaml" in here.application("valueless").message
    assert here.find("deployment", "valueless-one", "valueless") is None


def failed(here: Platform, name: str) -> bool:
    """Whether Argo CD has said that it cannot render an Application."""
    return here.find("application", name, "argocd") is not None and here.application(name).message != ""
