"""The committed resource definitions: that they are of the modules that go.mod names. Making them anew needs Go: `./inv crds`."""

from pathlib import Path

import pytest
import yaml

from slipway.toolchain.crd_sources import SHIPPED, SOURCES, Conversion, CrdSource, Shipped
from slipway.toolchain.crds import FOLDER, GENERATED, LIFECYCLE, committed, header, in_place, place_of, with_conversion
from slipway.toolchain.gotool import required

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.group)
def test_a_generated_file_is_of_the_required_versions(source: CrdSource) -> None:
    modules = required((ROOT / FOLDER / "go.mod").read_text(encoding="utf-8"))

    text = (ROOT / place_of(ROOT, source)).read_text(encoding="utf-8")

    assert text.startswith(header(source, modules[source.module], modules["sigs.k8s.io/controller-tools"]))


BROUGHT = [item for item in (*SOURCES, *SHIPPED) if place_of(ROOT, item).startswith("charts/")]


@pytest.mark.parametrize("source", BROUGHT, ids=lambda item: item.group)
def test_definitions_are_of_the_version_that_the_chart_runs(source: CrdSource | Shipped) -> None:
    folder = source.folder if isinstance(source, Shipped) else FOLDER
    module = required((ROOT / folder / "go.mod").read_text(encoding="utf-8"))[source.module]

    chart = yaml.safe_load((ROOT / "charts" / source.chart / "Chart.yaml").read_text(encoding="utf-8"))

    assert module.removeprefix("v") == chart["appVersion"].removeprefix("v")


def test_a_definition_with_several_versions_names_its_conversion() -> None:
    (source,) = (item for item in SOURCES if item.group == "metallb.io")
    stored = yaml.safe_load_all((ROOT / place_of(ROOT, source)).read_text(encoding="utf-8"))
    several = {item["spec"]["names"]["plural"]: item for item in stored if item and len(item["spec"]["versions"]) > 1}

    assert several.keys() == source.converted.keys() == {"bgppeers"}
    assert several["bgppeers"]["spec"]["conversion"] == {
        "strategy": "Webhook",
        "webhook": {
            "clientConfig": {"service": {"name": "metallb-webhook-service", "namespace": "infra", "path": "/convert"}},
            "conversionReviewVersions": ["v1beta1", "v1beta2"],
        },
    }


def test_only_the_definition_has_the_section_of_a_conversion() -> None:
    text = "kind: CustomResourceDefinition\nspec:\n  group: g\n  versions:\n  - schema:\n      spec:\n        type: object\n"

    made = with_conversion(text, Conversion(service="s", namespace="n", path="/c"))

    assert yaml.safe_load(made)["spec"].keys() == {"conversion", "group", "versions"}
    assert made.count("conversion:") == 1


def test_each_group_has_one_file_and_no_file_is_left_over() -> None:
    assert sorted(committed(ROOT)) == sorted([LIFECYCLE, *(place_of(ROOT, source) for source in (*SOURCES, *SHIPPED))])


def test_a_definition_of_a_chart_is_applied_first_and_never_pruned(tmp_path: Path) -> None:
    (tmp_path / "charts/traefik").mkdir(parents=True)
    (tmp_path / "charts/traefik/Chart.yaml").touch()
    (source,) = (item for item in SOURCES if item.group == "traefik.io")
    text = "---\nmetadata:\n  name: a\n---\nmetadata:\n  annotations:\n    b: c\n  name: d\n"

    path, made = in_place(tmp_path, source, text)

    assert path == "charts/traefik/crds/traefik.io.yaml"
    first, second = (item["metadata"] for item in yaml.safe_load_all(made) if item)
    ours = {"argocd.argoproj.io/sync-options": "Prune=false", "argocd.argoproj.io/sync-wave": "-30"}
    assert (first["annotations"], second["annotations"]) == (ours, {**ours, "b": "c"})


def test_a_definition_of_no_chart_is_a_schema_for_the_checks(tmp_path: Path) -> None:
    (source,) = (item for item in SOURCES if item.group == "traefik.io")
    assert in_place(tmp_path, source, "metadata:\n") == (f"{GENERATED}/traefik.io.yaml", "metadata:\n")


def test_the_kinds_that_our_charts_use_are_defined() -> None:
    text = "".join((ROOT / place_of(ROOT, source)).read_text(encoding="utf-8") for source in SOURCES)

    defined = {line.split()[1] for line in text.splitlines() if line.startswith("    kind: ")}

    assert {"IngressRoute", "Middleware", "ServiceMonitor", "PodMonitor", "PrometheusRule"} <= defined


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.group)
def test_the_packages_are_imported_so_that_their_modules_stay_required(source: CrdSource) -> None:
    imports = (ROOT / FOLDER / "apis.go").read_text(encoding="utf-8")

    assert all(f'"{source.module}/{package}"' in imports for package in source.packages)
