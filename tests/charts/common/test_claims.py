"""Claims: where data lives, and that nothing but a hand removes it."""

import pytest

pytestmark = pytest.mark.helm


def claim(render, fields, more=""):
    values = f"controllers: {{demo: {{strategy: Recreate}}}}\npersistence: {{config: {{{fields}, mounts: {{app: [{{path: /c}}]}}}}}}\n{more}"
    return render(values).one("PersistentVolumeClaim")


def test_a_claim_is_for_one_node_and_of_the_clusters_default_class(render):
    assert claim(render, "size: 5Gi").at("spec") == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
    }


def test_the_storage_class_is_a_fact_of_the_platform(render):
    assert claim(render, "size: 5Gi", "global: {storage: {class: fast}}").at("spec", "storageClassName") == "fast"


def test_the_platforms_class_may_follow_the_namespace(render):
    class_of = "global: {storage: {class: 'local-path-{{ .Release.Namespace }}'}}"

    assert claim(render, "size: 5Gi", class_of).at("spec", "storageClassName") == "local-path-apps"


def test_a_claim_may_have_a_class_of_its_own(render):
    made = claim(render, "size: 5Gi, storageClass: nfs, accessMode: ReadWriteMany", "global: {storage: {class: fast}}")

    assert made.at("spec", "storageClassName") == "nfs"
    assert made.at("spec", "accessModes") == ["ReadWriteMany"]


def test_neither_argo_cd_nor_helm_removes_data(render):
    annotations = claim(render, "size: 5Gi").annotations

    assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert annotations["helm.sh/resource-policy"] == "keep"


def test_what_can_be_made_again_may_go(render):
    annotations = claim(render, "size: 5Gi, retain: false").annotations

    assert set(annotations) == {"argocd.argoproj.io/sync-wave"}


def test_a_claim_comes_with_its_workload(render):
    # A class that binds for the first consumer would make Argo CD wait for ever in an earlier wave.
    assert claim(render, "size: 5Gi").annotations["argocd.argoproj.io/sync-wave"] == "10"


def test_a_claim_may_come_earlier(render):
    assert claim(render, "size: 5Gi, wave: 0").annotations["argocd.argoproj.io/sync-wave"] == "0"


def test_labels_and_annotations_are_added(render):
    made = claim(render, "size: 5Gi, labels: {tier: media}, annotations: {note: x}")

    assert made.labels["tier"] == "media"
    assert made.annotations["note"] == "x"
    assert made.annotations["helm.sh/resource-policy"] == "keep"


def test_a_claim_needs_no_container_to_be_made(render):
    assert render("persistence: {media: {size: 1Ti}}").one("PersistentVolumeClaim").name == "demo-media"


def test_a_claim_called_like_the_chart_has_the_charts_name(render):
    assert render("persistence: {demo: {size: 1Ti}}").one("PersistentVolumeClaim").name == "demo"


@pytest.mark.parametrize("size", ["5GB", "-1Gi", "", "much"])
def test_a_size_that_is_not_a_quantity_is_refused(refuse, size):
    assert "/persistence/media/size" in refuse(f"persistence: {{media: {{size: '{size}'}}}}")
