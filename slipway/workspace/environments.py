"""The environments' values, as they travel inside an umbrella package. Pure.

`values/<env>/platform.yaml` becomes `global`, `values/<env>/<umbrella>.yaml` follows; both together are the packaged
`values-<env>.yaml`, so one pin names the chart and its values.
"""

from __future__ import annotations

from collections.abc import Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, Environment, Workspace
from slipway.util import yaml
from slipway.workspace.documents import namespace_document, platform_document


def file_name(environment: str) -> str:
    """The packaged file of an environment."""
    return f"values-{environment}.yaml"


def environment_files(workspace: Workspace, umbrella: Chart) -> dict[str, bytes]:
    """Packaged path → content, for every environment.

    Raises:
        WorkspaceError: a values file is not YAML, is not a mapping, or sets `global` where only the platform may.
    """
    return {
        file_name(name): yaml.dump(environment_values(environment, umbrella.name))
        for name, environment in sorted(workspace.environments.items())
    }


def environment_values(environment: Environment, umbrella: str) -> dict[str, object]:
    """What Argo CD passes to an umbrella in an environment.

    Raises:
        WorkspaceError: see `environment_files`.
    """
    platform = platform_document(environment).mapping
    own: Mapping[str, object] = {}
    if (document := namespace_document(environment, umbrella)) is not None:
        own = document.mapping
        if "global" in own:
            raise WorkspaceError(
                Problem(
                    where=document.at("global"),
                    fact="'global' is set here",
                    evidence=("facts that every namespace shares have one place",),
                    hint=f"move it to {environment.platform.path}",
                    rule="values.global",
                )
            )
    return {"global": dict(platform), **own}
