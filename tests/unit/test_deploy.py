"""deploy/<env>: what Argo CD is given for a set of pins."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from slipway.config import Config, RegistryConfig, SourceForm
from slipway.core.errors import WorkspaceError
from slipway.core.model import PREFIX, Chart, ChartKind, ChartName, Digest, Pin
from slipway.gitops import applications
from slipway.util import yaml as yamls
from slipway.workspace import annotations
from slipway.workspace.annotations import check
from slipway.workspace.pinned import parse_pins

POD_SECURITY, SYNC_STEP, CLUSTER_RESOURCES = (
    f"{PREFIX}/{name}" for name in (annotations.POD_SECURITY, annotations.SYNC_STEP, annotations.CLUSTER_RESOURCES)
)
"""As Chart.yaml has them."""

MANIFEST = Digest("sha256:" + "a" * 64)
INPUT = Digest("sha256:" + "b" * 64)
CONFIG = Config(
    root=Path("/repo"),
    registry=RegistryConfig(host="registry.example.org", prefix="charts"),
    registry_folder=Path("/repo/.registry"),
    repository_url="https://git.example.org/homelab.git",
)


def umbrella(name: str = "htpc", **annotations: object) -> Chart:
    return Chart(
        name=ChartName(name),
        version="1.2.3",
        kind=ChartKind.UMBRELLA,
        folder=f"umbrella/{name}",
        metadata={"annotations": annotations},
        lines={"annotations": 7},
        files={},
    )


def pin(name: str = "htpc") -> Pin:
    return Pin(name=ChartName(name), version="1.2.3", manifest=MANIFEST, input_digest=INPUT)


def rendered(config: Config = CONFIG, *members: applications.PinnedUmbrella) -> dict[str, list[dict[str, object]]]:
    members = members or (applications.pinned_umbrella(umbrella(), pin()),)
    made = applications.files(config, "staging", members)
    return {name: yamls.load_all(text.decode()) for name, text in made.items()}


def application(config: Config = CONFIG) -> dict:
    return rendered(config)["applicationset.yaml"][0]["spec"]["template"]["spec"]


def test_a_native_oci_source_is_pinned_by_version_and_digest() -> None:
    source = application()["source"]

    assert source["repoURL"] == "oci://registry.example.org/charts/{{.name}}"
    assert source["path"] == "."
    assert source["targetRevision"] == "{{.version}}@{{.digest}}"
    assert "chart" not in source


def test_the_helm_form_has_no_scheme_and_an_exact_version() -> None:
    source = application(replace(CONFIG, source=SourceForm.HELM))["source"]

    assert source["repoURL"] == "registry.example.org/charts"
    assert source["chart"] == "{{.name}}"
    assert source["targetRevision"] == "{{.version}}"


def test_the_element_carries_every_key_that_the_template_uses() -> None:
    spec = rendered()["applicationset.yaml"][0]["spec"]
    element = spec["generators"][0]["list"]["elements"][0]

    text = yaml.safe_dump(spec["template"])
    used = {part.split("}}")[0] for part in text.split("{{.")[1:]}

    assert used == set(element) | set()
    assert element["digest"] == MANIFEST
    assert spec["goTemplateOptions"] == ["missingkey=error"]


def test_an_element_taken_away_leaves_its_workloads() -> None:
    assert rendered()["applicationset.yaml"][0]["spec"]["syncPolicy"] == {"preserveResourcesOnDeletion": True}


def test_automated_sync_prunes_and_heals_unless_steps_are_rolled() -> None:
    assert application()["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}

    rolling = replace(CONFIG, rolling_sync=True)

    assert "automated" not in application(rolling)["syncPolicy"]


def test_rolling_steps_follow_the_umbrellas_order() -> None:
    members = [
        applications.pinned_umbrella(umbrella("htpc", **{SYNC_STEP: "30"}), pin("htpc")),
        applications.pinned_umbrella(umbrella("infra", **{SYNC_STEP: "10"}), pin("infra")),
    ]

    spec = rendered(replace(CONFIG, rolling_sync=True), *members)["applicationset.yaml"][0]["spec"]

    steps = spec["strategy"]["rollingSync"]["steps"]
    assert [step["matchExpressions"][0]["values"] for step in steps] == [["10"], ["30"]]
    assert [element["name"] for element in spec["generators"][0]["list"]["elements"]] == ["infra", "htpc"]


def test_a_project_admits_one_repository_and_one_namespace() -> None:
    project = rendered()["appprojects.yaml"][0]["spec"]

    assert project["sourceRepos"] == ["oci://registry.example.org/charts/htpc"]
    assert project["destinations"] == [{"server": CONFIG.cluster, "namespace": "htpc"}]
    assert project["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]


def test_cluster_kinds_are_admitted_only_when_the_umbrella_names_them() -> None:
    kinds = "apiextensions.k8s.io/CustomResourceDefinition, rbac.authorization.k8s.io/ClusterRole"
    member = applications.pinned_umbrella(umbrella(**{CLUSTER_RESOURCES: kinds}), pin())

    assert member.cluster_resources == (
        ("", "Namespace"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
    )


def test_the_namespace_enforces_restricted_unless_the_umbrella_sets_another_level() -> None:
    assert applications.pinned_umbrella(umbrella(), pin()).annotations.pod_security == "restricted"
    assert (
        applications.pinned_umbrella(umbrella(**{POD_SECURITY: "privileged"}), pin()).annotations.pod_security
        == "privileged"
    )


def test_an_unknown_pod_security_level_is_refused_with_its_line() -> None:
    with pytest.raises(WorkspaceError) as error:
        applications.pinned_umbrella(umbrella(**{POD_SECURITY: "open"}), pin())

    assert str(error.value) == (
        "umbrella/htpc/Chart.yaml:7: slipway.homelab/pod-security is 'open'\n"
        "    hint: use privileged, baseline, restricted"
    )


@pytest.mark.parametrize("steps", [(5, 20, 100), (100, 20, 5), (9, 10, 11), (20, 5, 20)])
def test_sync_steps_roll_out_in_the_order_of_their_numbers(steps: tuple[int, ...]) -> None:
    rolling = replace(CONFIG, rolling_sync=True)
    members = [
        applications.pinned_umbrella(umbrella(f"u{i}", **{SYNC_STEP: str(step)}), pin(f"u{i}"))
        for i, step in enumerate(steps)
    ]

    files = rendered(rolling, *members)

    spec = files["applicationset.yaml"][0]["spec"]
    labels = [step["matchExpressions"][0]["values"] for step in spec["strategy"]["rollingSync"]["steps"]]
    assert labels == [[str(step)] for step in sorted(set(steps))]
    elements = spec["generators"][0]["list"]["elements"]
    assert [element["step"] for element in elements] == [str(step) for step in sorted(steps)]


@pytest.mark.parametrize(
    ("key", "value", "fact"),
    [
        (SYNC_STEP, "10", None),
        (SYNC_STEP, "0", None),
        (SYNC_STEP, 10, "is 10, a YAML number"),
        (SYNC_STEP, "ten", "is 'ten'"),
        (SYNC_STEP, "-1", "is '-1'"),
        (SYNC_STEP, -1, "is -1, a YAML number"),
        (SYNC_STEP, "1.5", "is '1.5'"),
        (SYNC_STEP, "010", "is '010'"),
        (SYNC_STEP, "", "is ''"),
        (SYNC_STEP, None, "is None, a YAML null"),
        (POD_SECURITY, "baseline", None),
        (POD_SECURITY, True, "is True, a YAML boolean"),
        (POD_SECURITY, "Restricted", "is 'Restricted'"),
        (CLUSTER_RESOURCES, "", None),
        (CLUSTER_RESOURCES, "Node, storage.k8s.io/StorageClass", None),
        (CLUSTER_RESOURCES, "storage.k8s.io/storageclasses", "is 'storage.k8s.io/storageclasses'"),
        (CLUSTER_RESOURCES, "storage.k8s.io/StorageClass other/Kind", "is 'storage.k8s.io/StorageClass other/Kind'"),
        (CLUSTER_RESOURCES, ["storage.k8s.io/StorageClass"], "is ['storage.k8s.io/StorageClass'], a YAML array"),
    ],
)
def test_an_annotation_matches_its_schema_or_is_reported_with_its_line(
    key: str, value: object, fact: str | None
) -> None:
    found = [f"{problem.where}: {problem.fact}" for problem in check(umbrella(**{key: value}))]

    assert found == ([] if fact is None else [f"umbrella/htpc/Chart.yaml:7: {key} {fact}"])
    if fact is not None:
        with pytest.raises(WorkspaceError):
            applications.pinned_umbrella(umbrella(**{key: value}), pin())


def test_argo_cd_is_configured_for_plain_http_but_not_for_tls() -> None:
    plain = replace(CONFIG, registry=replace(CONFIG.registry, plain_http=True))

    assert rendered(plain)["repository.yaml"][0]["stringData"]["insecureOCIForceHttp"] == "true"
    assert "insecureOCIForceHttp" not in rendered()["repository.yaml"][0]["stringData"]


def test_the_repository_secret_holds_no_secret() -> None:
    data = rendered()["repository.yaml"][0]["stringData"]

    assert set(data) == {"type", "url"}


def test_the_root_application_reads_only_what_argo_cd_understands() -> None:
    source = rendered()["root.yaml"][1]["spec"]["source"]

    assert (
        source["directory"]["include"] == "{appprojects.yaml,applicationset.yaml,repository.yaml,sealed-secrets.yaml}"
    )
    assert source["repoURL"] == CONFIG.repository_url


def test_sealed_secrets_come_from_git_and_nothing_else_comes_with_them() -> None:
    project, application = rendered()["sealed-secrets.yaml"]
    spec, source = project["spec"], application["spec"]["source"]

    assert application["spec"]["project"] == project["metadata"]["name"] == "homelab-sealed-secrets"
    assert spec["namespaceResourceWhitelist"] == [{"group": "bitnami.com", "kind": "SealedSecret"}]
    assert spec["clusterResourceWhitelist"] == []
    assert [item["namespace"] for item in spec["destinations"]] == ["argocd", "htpc"]
    assert (source["path"], source["directory"]) == ("values/staging", {"recurse": True, "include": "sealed/**"})
    assert source["targetRevision"] == "HEAD"


def test_secrets_may_be_sealed_for_a_namespace_that_is_not_pinned_yet() -> None:
    made = applications.files(CONFIG, "staging", [applications.pinned_umbrella(umbrella(), pin())], ["utils", "htpc"])
    project = yamls.load_all(made["sealed-secrets.yaml"].decode())[0]

    assert [item["namespace"] for item in project["spec"]["destinations"]] == ["argocd", "htpc", "utils"]


def test_sealed_secrets_are_tried_until_their_kind_and_namespaces_are_there() -> None:
    policy = rendered()["sealed-secrets.yaml"][1]["spec"]["syncPolicy"]

    assert policy["retry"]["limit"] == -1
    assert policy["automated"] == {"prune": False, "selfHeal": True}
    assert "SkipDryRunOnMissingResource=true" in policy["syncOptions"]


def sync_policies(value: object) -> list[dict[str, object]]:
    """Every syncPolicy below a value."""
    if isinstance(value, list):
        return [found for item in value for found in sync_policies(item)]
    if not isinstance(value, dict):
        return []
    below = [found for item in value.values() for found in sync_policies(item)]
    policy = value.get("syncPolicy")
    return [policy, *below] if isinstance(policy, dict) and "retry" in policy else below


def test_no_application_ever_gives_up_a_sync() -> None:
    policies = [policy for documents in rendered().values() for policy in sync_policies(documents)]

    assert len(policies) == 3, "the root, the sealed secrets, and the template of the umbrellas"
    for policy in policies:
        retry = policy["retry"]
        assert isinstance(retry, dict)
        assert (retry["limit"], retry["refresh"]) == (-1, True)


def test_the_root_may_make_the_application_of_the_sealed_secrets() -> None:
    kinds = {item["kind"] for item in rendered()["root.yaml"][0]["spec"]["namespaceResourceWhitelist"]}

    assert {item["kind"] for file in applications.SYNCED for item in rendered()[file]} == kinds


def test_pins_are_read_back_as_they_were_written() -> None:
    text = applications.files(CONFIG, "staging", [applications.pinned_umbrella(umbrella(), pin())])["pins.yaml"]

    registry, pins = parse_pins(text, "deploy/staging/pins.yaml")

    assert registry == "oci://registry.example.org/charts"
    assert pins == {"htpc": pin()}


def test_a_foreign_pins_file_is_refused() -> None:
    with pytest.raises(WorkspaceError, match=r"deploy/staging/pins.yaml: is not a pins file"):
        parse_pins(b"umbrellas: [htpc]\n", "deploy/staging/pins.yaml")
