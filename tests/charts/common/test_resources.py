"""Resources, and the devices that do the work of graphics."""

import pytest

pytestmark = pytest.mark.helm

SIZES = "resources: {requests: {cpu: 75m, memory: 200Mi}, limits: {memory: 600Mi}}"
DEVICES = {
    "intel": "gpu.intel.com/i915",
    "intel-xe": "gpu.intel.com/xe",
    "amd": "amd.com/gpu",
    "nvidia": "nvidia.com/gpu",
}


def app(fields):
    return f"controllers: {{demo: {{containers: {{app: {{{fields}}}}}}}}}"


def test_requests_and_limits_reach_the_container(render):
    assert render(app(SIZES)).container()["resources"] == {
        "requests": {"cpu": "75m", "memory": "200Mi"},
        "limits": {"memory": "600Mi"},
    }


def test_nothing_asked_for_is_nothing_written(render):
    assert "resources" not in render().container()


@pytest.mark.parametrize(("vendor", "device"), DEVICES.items())
def test_a_gpu_is_a_device_of_its_vendors_plugin(render, vendor, device):
    resources = render(app(f"{SIZES}, gpu: {{vendor: {vendor}}}")).container()["resources"]

    assert resources["limits"] == {"memory": "600Mi", device: "1"}
    assert resources["requests"] == {"cpu": "75m", "memory": "200Mi"}


def test_there_can_be_several(render):
    resources = render(app("gpu: {vendor: nvidia, count: 2}")).container()["resources"]

    assert resources == {"limits": {"nvidia.com/gpu": "2"}}


def test_no_vendor_is_no_device(render):
    assert render(app(f"{SIZES}, gpu: {{vendor: none}}")).container() == render(app(SIZES)).container()


@pytest.mark.parametrize("vendor", ["none", "intel", "amd"])
def test_only_nvidia_needs_a_runtime_of_its_own(render, vendor):
    assert "runtimeClassName" not in render(app(f"gpu: {{vendor: {vendor}}}")).pod_spec()


def test_nvidias_runtime_comes_with_the_device(render):
    assert render(app("gpu: {vendor: nvidia}")).pod_spec()["runtimeClassName"] == "nvidia"


def test_a_runtime_that_is_named_wins(render):
    values = "controllers: {demo: {pod: {runtimeClassName: own}, containers: {app: {gpu: {vendor: nvidia}}}}}"

    assert render(values).pod_spec()["runtimeClassName"] == "own"


def test_a_device_gives_no_rights(render):
    with_gpu = render(app("gpu: {vendor: intel}"))

    assert with_gpu.container()["securityContext"] == render().container()["securityContext"]
    assert "volumes" not in with_gpu.pod_spec()
