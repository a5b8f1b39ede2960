"""The committed resource definitions: that they are of the modules that go.mod names. Making them anew needs Go: `./inv crds`."""

from pathlib import Path

import pytest

from slipway.crds import FOLDER, GENERATED, SHIPPED, SOURCES, Source, header
from slipway.gotools import required

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.group)
def test_a_generated_file_is_of_the_required_versions(source: Source) -> None:
    modules = required((ROOT / FOLDER / "go.mod").read_text(encoding="utf-8"))

    text = (ROOT / GENERATED / f"{source.group}.yaml").read_text(encoding="utf-8")

    assert text.startswith(header(source, modules[source.module], modules["sigs.k8s.io/controller-tools"]))


def test_each_group_has_one_file_and_no_file_is_left_over() -> None:
    names = sorted(path.name for path in (ROOT / GENERATED).iterdir())

    assert names == sorted(f"{source.group}.yaml" for source in (*SOURCES, *SHIPPED))


def test_the_kinds_that_our_charts_use_are_defined() -> None:
    text = "".join((ROOT / GENERATED / f"{source.group}.yaml").read_text(encoding="utf-8") for source in SOURCES)

    defined = {line.split()[1] for line in text.splitlines() if line.startswith("    kind: ")}

    assert {"IngressRoute", "Middleware", "ServiceMonitor", "PodMonitor", "PrometheusRule"} <= defined


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.group)
def test_the_packages_are_imported_so_that_their_modules_stay_required(source: Source) -> None:
    imports = (ROOT / FOLDER / "apis.go").read_text(encoding="utf-8")

    assert all(f'"{source.module}/{package}"' in imports for package in source.packages)
