"""Transcoding hardware as a value, and what the media server needs of its surroundings."""

import pytest

pytestmark = pytest.mark.helm

DEVICES = {
    "none": None,
    "intel": "gpu.intel.com/i915",
    "intel-xe": "gpu.intel.com/xe",
    "amd": "amd.com/gpu",
    "nvidia": "nvidia.com/gpu",
}


def gpu(**values):
    """Values that choose the hardware."""
    return {"controllers": {"jellyfin": {"containers": {"app": {"gpu": values}}}}}


@pytest.mark.parametrize(("vendor", "device"), DEVICES.items())
def test_a_vendor_asks_for_its_device_and_nothing_else_changes(render, vendor, device):
    pod = render("jellyfin", gpu(vendor=vendor)).pod("jellyfin")
    limits = pod.container("app")["resources"]["limits"]
    assert limits == {"memory": "4Gi", **({device: "1"} if device else {})}
    assert pod.spec.get("runtimeClassName") == ("nvidia" if vendor == "nvidia" else None)


@pytest.mark.parametrize("vendor", DEVICES)
def test_hardware_gives_no_rights(render, vendor):
    pod = render("jellyfin", gpu(vendor=vendor)).pod("jellyfin")
    plain = render("jellyfin").pod("jellyfin")
    assert pod.container("app")["securityContext"] == plain.container("app")["securityContext"]
    assert not any("hostPath" in volume for volume in pod.spec["volumes"])


def test_more_than_one_device_is_a_number(render):
    limits = render("jellyfin", gpu(vendor="nvidia", count=2)).pod("jellyfin").container("app")["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "2"


def test_another_vendor_is_refused(refusal):
    assert "value must be one of 'none', 'intel', 'intel-xe', 'amd', 'nvidia'" in refusal(
        "jellyfin", gpu(vendor="matrox")
    )


@pytest.mark.parametrize(("chart", "values"), [("jellyfin", "ci/intel-values.yaml"), ("htpc", "production")])
def test_with_intel_graphics_the_user_is_in_the_render_group(render, chart, values):
    pod = render(chart, values).pod("jellyfin")
    assert "gpu.intel.com/i915" in pod.container("app")["resources"]["limits"]
    assert pod.spec["securityContext"]["supplementalGroups"] == [992]
    assert pod.spec["securityContext"]["runAsUser"] == 1000


def test_metrics_are_off_and_not_reachable_from_outside(render):
    objects = render("jellyfin")
    (route,) = objects.one("IngressRoute", "jellyfin")["spec"]["routes"]
    assert route["match"] == "Host(`jellyfin.homelab.example.org`) && !PathPrefix(`/metrics`)"
    assert "prometheus.io/scrape" not in objects.one("Service", "jellyfin")["metadata"]["annotations"]


def test_an_ingress_cannot_promise_to_block_a_path(refusal):
    said = refusal("jellyfin", {"global": {"route": {"kind": "Ingress"}}})
    assert "route jellyfin blocks paths, which an Ingress cannot" in said


def test_an_ingress_without_the_promise_is_possible(render):
    objects = render("jellyfin", "ci/ingress-values.yaml")
    (rule,) = objects.one("Ingress", "jellyfin")["spec"]["rules"]
    assert rule["host"] == "jellyfin.homelab.example.org"
    assert objects.of_kind("IngressRoute") == []


@pytest.mark.parametrize("volume", ["tmp", "cache"])
def test_the_start_finds_two_gibibytes_on_disk(render, volume):
    objects = render("jellyfin")
    found = objects.pod("jellyfin").volume(volume)
    if "emptyDir" in found:
        size, medium = found["emptyDir"]["sizeLimit"], found["emptyDir"].get("medium", "")
    else:
        claim = objects.one("PersistentVolumeClaim", found["persistentVolumeClaim"]["claimName"])
        size, medium = claim["spec"]["resources"]["requests"]["storage"], ""
    assert medium == ""
    assert int(size.removesuffix("Gi")) > 2


def test_a_migration_after_an_upgrade_has_ten_minutes(render):
    probe = render("jellyfin").pod("jellyfin").container("app")["startupProbe"]
    assert probe["httpGet"]["path"] == "/health"
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 600


def test_clients_learn_the_address_of_the_route(render):
    env = render("htpc", "production").pod("jellyfin").env("app")
    assert env["JELLYFIN_PublishedServerUrl"] == "https://jellyfin.home.example.org"
    assert env["JELLYFIN_AutoDiscovery"] == "false"
