"""Every program that is built from source: what it is for, its Go package, and the module folder that pins it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.toolchain.gotool import GoTool
from slipway.toolchain.lab_tools import LAB_TOOLS
from slipway.toolchain.node_tools import NODE_TOOLS
from slipway.util.text import suggest

TOOLS: Mapping[str, GoTool] = {
    tool.name: tool
    for tool in (
        GoTool(
            name="helm",
            purpose="renders, lints and packs the charts",
            module="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            stamp="helm.sh/helm/v4/internal/version.version",
            version_args=("version", "--template", "{{.Version}}"),
            cold_s=120,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="helm.sh/helm/v4",
                package=f"homelab/tools/release/{name}",
                stamp=stamp,
                version_args=version_args,
                cold_s=5,
            )
            for name, purpose, stamp, version_args in (
                (
                    "helm-batch",
                    "many calls of helm template and helm lint in one process, with Helm's packages",
                    "helm.sh/helm/v4/internal/version.version",
                    ("version",),
                ),
                (
                    "helm-answers",
                    "repeats to ct what helm-batch has found",
                    "main.version",
                    ("--answers-version",),
                ),
            )
        ),
        GoTool(
            name="ct",
            purpose="checks the changed charts as chart-testing does",
            module="github.com/helm/chart-testing/v3",
            package="github.com/helm/chart-testing/v3/ct",
            stamp="github.com/helm/chart-testing/v3/ct/cmd.Version",
            version_args=("version",),
            cold_s=30,
        ),
        GoTool(
            name="kubeconform",
            purpose="checks rendered objects against the Kubernetes schemas",
            module="github.com/yannh/kubeconform",
            package="github.com/yannh/kubeconform/cmd/kubeconform",
            stamp="main.version",
            version_args=("-v",),
            cold_s=10,
        ),
        GoTool(
            name="gitleaks",
            purpose="finds the tokens of the usual providers in the sources",
            module="github.com/zricethezav/gitleaks/v8",
            package="github.com/zricethezav/gitleaks/v8",
            stamp="github.com/zricethezav/gitleaks/v8/version.Version",
            version_args=("version",),
            # Not beside helm and ct: it requires other libraries than they do.
            folder="tools/secrets",
            cold_s=20,
        ),
        GoTool(
            name="registry",
            purpose="the embedded OCI registry, whose tags never move",
            module="github.com/distribution/distribution/v3",
            # Without a version: the registry of this name on PATH would let everyone move a tag.
            package="homelab/tools/release/registry",
            stamp="github.com/distribution/distribution/v3/version.version",
            command="./inv registry start",
            cold_s=90,
        ),
        GoTool(
            name="controller-gen",
            purpose="generates CustomResourceDefinitions from Go types",
            module="sigs.k8s.io/controller-tools",
            package="sigs.k8s.io/controller-tools/cmd/controller-gen",
            folder="tools/crds",
            command="./inv crds --check",
            cold_s=40,
        ),
        GoTool(
            name="authelia-check",
            purpose="reads Authelia's configuration, users and rules with Authelia's code",
            module="github.com/authelia/authelia/v4",
            # A package below Authelia's path may import its internal ones.
            package="github.com/authelia/authelia/v4/homelab/authelia-check",
            folder="tools/authelia",
            command="./inv test --tier charts",
            cold_s=60,
        ),
        GoTool(
            name="crowdsec-check",
            purpose="parses CrowdSec's configuration with CrowdSec's code",
            module="github.com/crowdsecurity/crowdsec",
            package="homelab/tools/checks/crowdsec/crowdsec-check",
            folder="tools/checks/crowdsec",
            command="./inv test --tier charts",
            cold_s=60,
        ),
        GoTool(
            name="external-dns-flags",
            purpose="parses external-dns' settings with its code, without the clients of the providers",
            module="sigs.k8s.io/external-dns",
            package="homelab/tools/checks/external-dns/external-dns-flags",
            folder="tools/checks/external-dns",
            command="./inv test --tier charts",
            cold_s=30,
        ),
        GoTool(
            name="promtool",
            purpose="checks Prometheus' configuration, and runs unit tests of rules",
            module="github.com/prometheus/prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            # Without it the clients of every cloud are compiled in, and one of their modules is missing.
            tags="remove_all_sd",
            folder="tools/checks",
            command="./inv test --tier charts",
            cold_s=60,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="github.com/prometheus/alertmanager",
                package=package,
                # Not beside promtool: it requires newer libraries than promtool.
                folder="tools/alertmanager",
                command="./inv test --tier charts",
                cold_s=cold_s,
            )
            for name, purpose, package, cold_s in (
                ("amtool", "checks Alertmanager's configuration", "github.com/prometheus/alertmanager/cmd/amtool", 50),
                ("inhibited", "lists the alerts that Alertmanager inhibits", "homelab/tools/alertmanager/inhibited", 5),
            )
        ),
        GoTool(
            name="loki",
            purpose="reads its configuration, and runs queries over log lines",
            module="github.com/grafana/loki/v3",
            package="github.com/grafana/loki/v3/cmd/loki",
            stamp="github.com/grafana/loki/v3/pkg/util/build.Version",
            bare=True,
            version_args=("-version",),
            folder="tools/checks/loki",
            command="./inv test --lab",
            cold_s=400,
        ),
        GoTool(
            name="logql",
            purpose="parses LogQL queries with Loki's parser",
            module="github.com/grafana/loki/v3",
            package="homelab/tools/checks/loki/logql",
            folder="tools/checks/loki",
            command="./inv test --tier charts",
            cold_s=10,
        ),
        GoTool(
            name="alloycheck",
            purpose="parses Alloy's configuration with Alloy's parser",
            module="github.com/grafana/alloy/syntax",
            package="homelab/tools/checks/alloy/alloycheck",
            folder="tools/checks/alloy",
            command="./inv test --tier charts",
            cold_s=20,
        ),
        GoTool(
            name="restic",
            purpose="backs up volumes and restores them",
            module="github.com/restic/restic",
            package="github.com/restic/restic/cmd/restic",
            version_args=("version",),
            folder="tools/backup",
            command="./inv test --tier charts",
            cold_s=90,
        ),
        GoTool(
            name="cosign",
            purpose="signs and verifies charts in a registry: keyless, and as the judge of the signatures that we make",
            module="github.com/sigstore/cosign/v3",
            package="github.com/sigstore/cosign/v3/cmd/cosign",
            stamp="sigs.k8s.io/release-utils/version.gitVersion",
            version_args=("version",),
            folder="tools/signing",
            command="./inv test --tier release",
            cold_s=130,
        ),
        GoTool(
            name="oras",
            purpose="copies charts, signatures and images between registries and folders",
            module="oras.land/oras",
            package="oras.land/oras/cmd/oras",
            stamp="oras.land/oras/internal/version.Version",
            version_args=("version",),
            folder="tools/bundle",
            command="./inv bundle",
            cold_s=25,
        ),
        *LAB_TOOLS,
        *NODE_TOOLS,
    )
}


def tool_of(name: str) -> GoTool:
    """The entry of a program.

    Raises:
        WorkspaceError: there is none.
    """
    if name not in TOOLS:
        fact, hint = f"there is no tool {name!r}", suggest(name, tuple(TOOLS), otherwise="use")
        raise WorkspaceError(Problem(where="[tool.slipway.tools]", fact=fact, hint=hint))
    return TOOLS[name]
