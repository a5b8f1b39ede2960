"""Objects against the schemas of every Kubernetes version that has some, with the real kubeconform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from slipway.lint.kube_schemas import Schemas, known_versions
from slipway.lint.kube_versions import versions_to_check
from slipway.lint.kubeconform import Manifests, schema_problems
from slipway.tools.kubeconform import Kubeconform
from slipway.tools.run import run_process
from testing.rendering import KUBE_VERSION
from testing.workspaces import ROOT, program


def schema_messages(cases: Sequence[Manifests], scratch: Path) -> list[str]:
    """The problems of some renders, as a person reads them, in every version that the library supports.

    Args:
        cases: the renders.
        scratch: an empty folder.
    """
    supported = yaml.safe_load((ROOT / "charts/common/Chart.yaml").read_text(encoding="utf-8"))["kubeVersion"]
    found = schema_problems(
        Kubeconform(run=run_process, program=lambda: program("kubeconform")),
        [replace(case, kube_range=supported) for case in cases],
        schemas=Schemas(root=ROOT, folder=scratch / "schemas"),
        versions=versions_to_check(KUBE_VERSION, known_versions()),
        scratch=scratch,
    )
    return [str(problem) for problem in found]
