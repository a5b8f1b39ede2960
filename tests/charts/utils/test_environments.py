"""What differs between the environments, and that every pod keeps the restricted level."""

import pytest
import yaml

pytestmark = pytest.mark.helm

ENVIRONMENTS = ["staging", "production"]
MEMBERS = {
    "baseline": "baseline", "homepage": "homepage",
    "immich": "immich", "immich-postgres": "postgres", "immich-valkey": "valkey",
    "nextcloud": "nextcloud", "nextcloud-postgres": "postgres", "nextcloud-redis": "redis",
    "tandoor": "tandoor", "tandoor-postgres": "postgres",
}  # fmt: skip


def test_the_umbrella_has_exactly_these_members(repository):
    members = repository.builder.workspace.charts["utils"].dependencies
    assert {member.key: member.name for member in members} == MEMBERS
    assert {member.key: member.condition for member in members} == {key: f"{key}.enabled" for key in MEMBERS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_claim_is_of_the_namespaces_class(render, environment):
    objects = render("utils", environment)
    classes = {item.data["spec"]["storageClassName"] for item in objects.of_kind("PersistentVolumeClaim")}
    classes |= {item.data["spec"]["storage"]["storageClass"] for item in objects.of_kind("Cluster")}
    assert classes == {"local-path-utils"}
    made = render("infra", environment).of_kind("StorageClass")
    assert classes <= {item.name for item in made}


def test_staging_asks_for_less_than_production(render):
    def asked(environment):
        claims = render("utils", environment).of_kind("PersistentVolumeClaim")
        return {item.name: item.data["spec"]["resources"]["requests"]["storage"] for item in claims}

    staging, production = asked("staging"), asked("production")
    assert staging.keys() == production.keys()
    assert (staging["nextcloud-data"], production["nextcloud-data"]) == ("10Gi", "500Gi")
    assert (staging["immich-library"], production["immich-library"]) == ("10Gi", "1Ti")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_pod_keeps_the_level_that_the_namespace_enforces(render, repository, environment):
    chart = repository.builder.workspace.charts["utils"]
    assert chart.metadata["annotations"]["slipway.homelab/pod-security"] == "restricted"
    for name, pod in render("utils", environment).pods.items():
        assert pod.spec["securityContext"]["runAsNonRoot"] is True, name
        assert not any("hostPath" in volume for volume in pod.spec.get("volumes", ()))
        for container in pod.all:
            context = container["securityContext"]
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert not any("hostPort" in port for port in container.get("ports", ()))


def test_whoever_writes_to_a_volume_is_alone(render):
    objects = render("utils")
    for name in ("nextcloud", "immich-server", "immich-machine-learning", "tandoor"):
        spec = objects.one("Deployment", name)["spec"]
        assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    assert objects.one("CronJob", "nextcloud-cron")["spec"]["concurrencyPolicy"] == "Forbid"


def test_data_comes_before_what_waits_for_it(render):
    objects = render("utils")

    def wave(item):
        return int(item.data["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])

    databases = {wave(item) for item in objects.of_kind("Cluster")}
    workloads = {wave(item) for kind in ("Deployment", "CronJob") for item in objects.of_kind(kind)}
    assert max(databases) < min(workloads)
    # Caches come with the workloads, so each application waits by itself for what it cannot start without.
    for name in ("nextcloud", "immich-server", "tandoor"):
        assert objects.pods[name].first, f"{name} waits for nothing"


def test_the_hosts_are_facts_of_the_platform(render):
    objects = render("utils", {"global": {"domain": "family.example.net", "pods": {"cidr": "10.99.0.0/16"}}})
    env = objects.pods["nextcloud"].env("app")
    assert env["OVERWRITECLIURL"] == "https://nextcloud.family.example.net"
    assert env["NEXTCLOUD_TRUSTED_DOMAINS"].split() == [
        "nextcloud.family.example.net",
        "nextcloud.utils.svc",
        "localhost",
    ]
    assert env["TRUSTED_PROXIES"] == "10.99.0.0/16"
    assert objects.pods["immich-server"].env("app")["IMMICH_TRUSTED_PROXIES"] == "10.99.0.0/16"
    env = objects.pods["tandoor"].env("app")
    assert env["CSRF_TRUSTED_ORIGINS"] == "https://recipes.family.example.net"
    assert env["ALLOWED_HOSTS"].startswith("recipes.family.example.net,")


def test_a_variable_that_another_one_uses_stands_before_it(render):
    for name, pod in render("utils").pods.items():
        for container in pod.all:
            seen = set()
            for variable in container.get("env", ()):
                for other in {each["name"] for each in container["env"]} - seen:
                    assert f"$({other})" not in variable.get("value", ""), f"{name}: {variable['name']} uses {other}"
                seen.add(variable["name"])


def test_probes_name_a_host_that_the_application_trusts(render):
    objects = render("utils", "production")
    for name in ("homepage", "nextcloud", "tandoor"):
        (host,) = {
            header["value"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
            for header in objects.pods[name].container("app")[probe]["httpGet"]["httpHeaders"]
        }
        (route,) = [item for item in objects.of_kind("IngressRoute") if item.name == name]
        assert route.data["spec"]["routes"][0]["match"].startswith(f"Host(`{host}`)")


@pytest.mark.parametrize(("name", "minutes"), [("nextcloud", 60), ("immich-server", 60), ("tandoor", 30)])
def test_an_upgrade_has_the_time_that_the_guide_promises_before_it_is_killed(render, name, minutes):
    probe = render("utils").pods[name].container("app")["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= minutes * 60


def test_originals_and_what_can_be_made_again_lie_on_two_claims(render):
    pod = render("immich").pods["immich-server"]
    mounts = pod.mounts("app")
    claims = {
        path: pod.volume(mount["name"])["persistentVolumeClaim"]["claimName"]
        for path, mount in mounts.items()
        if path.startswith("/data")
    }
    assert claims == {
        "/data": "immich-library",
        "/data/thumbs": "immich-generated",
        "/data/encoded-video": "immich-generated",
    }


@pytest.mark.parametrize(("values", "controller", "device"), [
    ("ci/quicksync-values.yaml", "immich-server", "gpu.intel.com/i915"),
    ("ci/nvidia-values.yaml", "immich-server", "nvidia.com/gpu"),
    ("ci/openvino-values.yaml", "immich-machine-learning", "gpu.intel.com/i915"),
])  # fmt: skip
def test_hardware_is_a_value_and_gives_no_rights(render, values, controller, device):
    pod, plain = render("immich", values).pods[controller], render("immich").pods[controller]
    assert pod.container("app")["resources"]["limits"][device] == "1"
    assert pod.container("app")["securityContext"] == plain.container("app")["securityContext"]


def test_settings_in_a_file_are_the_ones_that_are_read(render):
    objects = render("immich", "ci/quicksync-values.yaml")
    path = objects.pods["immich-server"].env("app")["IMMICH_CONFIG_FILE"]
    (text,) = objects.one("ConfigMap", "immich-settings")["data"].values()
    assert path == "/config/immich.yaml"
    assert yaml.safe_load(text)["ffmpeg"] == {"accel": "qsv", "accelDecode": True}


def test_nextcloud_finds_every_file_that_its_settings_name(render):
    pod = render("nextcloud").pods["nextcloud"]
    mounts = pod.mounts("app")
    for path in ("/etc/apache2/ports.conf", "/var/www/html/config/platform.config.php", "/var/run/apache2", "/tmp"):
        assert path in mounts
    # A file is mounted into this folder, so it must be made before by the application's own user.
    assert "mkdir -p /var/www/html/config" in pod.container("wait")["command"][-1]
    # The image would write PHP's settings itself, into a folder that is read-only.
    assert "REDIS_HOST" not in pod.env("app")


def test_cron_is_the_applications_own_program_and_stays_beside_it(render):
    objects = render("nextcloud")
    cron, web = objects.pods["nextcloud-cron"], objects.pods["nextcloud"]
    assert cron.container("app")["image"] == web.container("app")["image"]
    (term,) = cron.spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    labels = objects.one("Deployment", "nextcloud")["spec"]["template"]["metadata"]["labels"]
    assert term["labelSelector"]["matchLabels"].items() <= labels.items()
    assert "flock --nonblock --shared" in cron.container("app")["command"][-1]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_that_uses_the_nodes_graphics_names_the_render_group(render, environment):
    for pod in render("utils", environment).pods.values():
        for container in pod.all:
            if any(device.startswith("gpu.intel.com/") for device in container["resources"]["limits"]):
                assert pod.spec["securityContext"]["supplementalGroups"]


@pytest.mark.parametrize("values", ["its own values", "ci/openvino-values.yaml"])
def test_server_and_recognition_have_one_version(render, values):
    pods = render("immich", values).pods
    tags = {name: pod.container("app")["image"].partition("@")[0].rpartition(":")[2] for name, pod in pods.items()}
    assert tags["immich-machine-learning"].removesuffix("-openvino") == tags["immich-server"]


def test_the_vectors_are_of_the_version_that_the_image_has(render):
    objects = render("utils")
    extensions = objects.one("Database", "immich-postgres")["spec"]["extensions"]
    (version,) = [each["version"] for each in extensions if each["name"] == "vchord"]
    spec = objects.one("Cluster", "immich-postgres")["spec"]
    assert spec["imageName"].partition("@")[0].endswith(f"-{version}")
    assert spec["postgresql"]["shared_preload_libraries"] == ["vchord.so"]
