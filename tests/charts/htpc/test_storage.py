"""One file system for downloads and library, so that an import is a hard link; one claim of its own for each service."""

import pytest

pytestmark = pytest.mark.helm

WRITERS = ("sonarr", "radarr", "qbittorrent")
READERS = ("jellyfin",)
CLAIMS = {
    "media": "500Gi",
    "jellyfin-config": "20Gi",
    "jellyfin-cache": "10Gi",
    "sonarr-config": "5Gi",
    "radarr-config": "5Gi",
    "prowlarr-config": "1Gi",
    "qbittorrent-config": "1Gi",
    "autobrr-config": "1Gi",
}
KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false", "helm.sh/resource-policy": "keep"}


def media_mount(pod):
    """The mount of the shared claim in the application's container, or None."""
    names = [
        volume["name"]
        for volume in pod.spec["volumes"]
        if volume.get("persistentVolumeClaim", {}).get("claimName") == "media"
    ]
    mounts = [mount for mount in pod.container("app")["volumeMounts"] if mount["name"] in names]
    assert len(mounts) <= 1, "two mounts are two file systems for link(2)"
    return mounts[0] if mounts else None


def test_downloads_and_library_are_one_mount_of_one_claim(render):
    mounts = {name: media_mount(pod) for name, pod in render("htpc").pods.items()}
    users = {name: mount for name, mount in mounts.items() if mount}
    assert set(users) == {*WRITERS, *READERS}
    # link(2) does not cross mounts: the same folder of the claim, at the same path, in one piece.
    assert {(mount["mountPath"], mount["subPath"]) for mount in users.values()} == {("/data", "data")}


def test_downloads_land_on_the_shared_mount(render):
    objects = render("qbittorrent")
    settings = objects.one("ConfigMap", "qbittorrent-seed")["data"]["qBittorrent.conf"]
    assert "Session\\DefaultSavePath=/data/torrents" in settings.splitlines()


def test_the_media_server_cannot_change_the_media(render):
    pods = render("htpc").pods
    assert {name for name in READERS if media_mount(pods[name]).get("readOnly")} == set(READERS)
    assert not any(media_mount(pods[name]).get("readOnly") for name in WRITERS)


@pytest.mark.parametrize("user", [1000, 568])
def test_all_that_touches_the_media_is_one_user(render, user):
    pods = render("htpc", {"global": {"user": {"uid": user, "gid": user}}}).pods
    for name in (*WRITERS, *READERS):
        context = {**pods[name].spec["securityContext"], **pods[name].container("app")["securityContext"]}
        assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (user, user, user)


def test_the_browser_driver_is_patched_by_the_images_own_user(render):
    context = render("flaresolverr", {"global": {"user": {"uid": 568, "gid": 568}}}).pod("flaresolverr")
    assert context.spec["securityContext"]["runAsUser"] == 1000


def test_downloads_can_be_changed_by_the_group(render):
    assert render("qbittorrent").pod("qbittorrent").env("app")["UMASK"] == "002"


def test_every_claim_is_there_once_with_its_size(render):
    claims = {item.name: item.data["spec"] for item in render("htpc").of_kind("PersistentVolumeClaim")}
    assert {name: spec["resources"]["requests"]["storage"] for name, spec in claims.items()} == CLAIMS
    assert {mode for spec in claims.values() for mode in spec["accessModes"]} == {"ReadWriteOnce"}


def test_data_survives_the_chart(render):
    for item in render("htpc").of_kind("PersistentVolumeClaim"):
        assert KEPT.items() <= item.data["metadata"]["annotations"].items()


def test_a_claim_comes_with_its_pod_because_it_waits_for_it(render):
    objects = render("htpc")
    waves = {
        item.data["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        for kind in ("PersistentVolumeClaim", "Deployment")
        for item in objects.of_kind(kind)
    }
    assert len(waves) == 1


def test_the_storage_class_can_be_the_namespaces(render):
    storage = {"class": "local-path-{{ .Release.Namespace }}"}
    claims = render("htpc", {"global": {"storage": storage}}).of_kind("PersistentVolumeClaim")
    assert {item.data["spec"]["storageClassName"] for item in claims} == {"local-path-htpc"}


def test_without_a_storage_class_the_cluster_chooses(render):
    assert not [
        item for item in render("htpc").of_kind("PersistentVolumeClaim") if "storageClassName" in item.data["spec"]
    ]


def test_several_nodes_are_only_values(render):
    spec = render("media", "ci/shared-values.yaml").one("PersistentVolumeClaim", "media")["spec"]
    assert (spec["accessModes"], spec["storageClassName"]) == (["ReadWriteMany"], "nfs")


def test_an_operators_own_claim_takes_the_place_of_ours(render):
    objects = render("htpc", {"media": {"enabled": False}})
    assert "media" not in [item.name for item in objects.of_kind("PersistentVolumeClaim")]
    assert media_mount(objects.pods["sonarr"]) is not None


@pytest.mark.parametrize("name", ["jellyfin", "sonarr", "radarr", "prowlarr", "qbittorrent", "autobrr"])
def test_no_two_pods_write_to_one_database(render, name):
    assert render(name).one("Deployment", name)["spec"]["strategy"] == {"type": "Recreate"}


def test_every_volume_with_data_says_how_it_is_kept(repository):
    from slipway.util import yaml

    for name in (*WRITERS, *READERS, "prowlarr", "autobrr", "media"):
        chart = repository.builder.workspace.charts[name]
        values = yaml.parse(chart.files["values.yaml"], name).mapping
        durable = {key for key, entry in values["persistence"].items() if {"size", "existingClaim"} & set(entry)}
        assert {entry["persistence"] for entry in values["backup"].values()} == durable, name
