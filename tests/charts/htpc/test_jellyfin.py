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


def test_the_render_group_is_added_and_takes_nothing_away(render):
    context = render("jellyfin", "ci/intel-values.yaml").pod("jellyfin").spec["securityContext"]
    plain = render("jellyfin").pod("jellyfin").spec["securityContext"]
    assert context == {**plain, "supplementalGroups": [992]}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_an_environment_that_uses_the_nodes_graphics_names_the_render_group(render, environment):
    pod = render("htpc", environment).pod("jellyfin")
    # The device plugin leaves /dev/dri to the node's render group; NVIDIA's runtime does not need one.
    if {DEVICES["intel"], DEVICES["intel-xe"], DEVICES["amd"]} & set(pod.container("app")["resources"]["limits"]):
        assert pod.spec["securityContext"]["supplementalGroups"]


def test_metrics_are_off_and_not_reachable_from_outside(render):
    objects = render("jellyfin")
    (route,) = objects.one("IngressRoute", "jellyfin")["spec"]["routes"]
    # The server takes /Metrics as well.
    assert route["match"] == "Host(`jellyfin.homelab.example.org`) && !PathRegexp(`(?i)^/metrics`)"
    assert "prometheus.io/scrape" not in objects.one("Service", "jellyfin")["metadata"]["annotations"]


def test_an_ingress_cannot_promise_to_block_a_path(refusal):
    message = refusal("jellyfin", {"global": {"route": {"kind": "Ingress"}}})
    assert "route jellyfin has blockPaths, which an Ingress cannot do" in message


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


def test_a_migration_after_an_upgrade_has_an_hour(render):
    # Upstream: half an hour and more with a large library.
    probe = render("jellyfin").pod("jellyfin").container("app")["startupProbe"]
    assert probe["httpGet"]["path"] == "/health"
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 3600


def test_clients_learn_the_address_of_the_route(render):
    env = render("jellyfin", {"global": {"domain": "media.example.net"}}).pod("jellyfin").env("app")
    assert env["JELLYFIN_PublishedServerUrl"] == "https://jellyfin.media.example.net"
    assert env["JELLYFIN_AutoDiscovery"] == "false"
