"""The programs that are built from source: which Go package each one is, and how it is stamped and asked for its version.

`go.mod` and `go.sum` in the tool's module folder pin every source by hash; `[tool.slipway.tools]` names the versions
that a program on PATH must have to be used instead. Pure: text goes in, values come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAJOR = re.compile(r"v[0-9]+")
VERSION = re.compile(r"(?<![\d.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTool:
    """A program that a Go module of ours can build."""

    name: str
    purpose: str
    module: str
    """Go module that carries the version."""
    package: str
    """Its `main` package."""
    stamp: str = ""
    """Variable that the linker sets to the version; a program without it says `devel` or less than the truth."""
    bare: bool = False
    """Whether the stamp is `1.2.3`, not `v1.2.3`."""
    tags: str = ""
    """Build tags, separated by commas."""
    ask: tuple[str, ...] = ()
    """Arguments that make it print its version; empty: one on PATH cannot be told, so it is always built."""
    folder: str = "tools/release"
    """Module folder in this repository that requires it."""
    mend: str = "./inv lint"
    """A command that needs it, and so builds it."""
    cold_s: int = 60
    """Seconds that a first build takes on two cores."""

    @property
    def file(self) -> str:
        """The name that `go build` gives the program: the last element of the package that is not a major version."""
        parts = [part for part in self.package.split("/") if not MAJOR.fullmatch(part)]
        return parts[-1]


TOOLS: Mapping[str, GoTool] = {
    tool.name: tool
    for tool in (
        GoTool(
            name="helm",
            purpose="renders, lints and packs the charts",
            module="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            stamp="helm.sh/helm/v4/internal/version.version",
            ask=("version", "--template", "{{.Version}}"),
            cold_s=120,
        ),
        GoTool(
            name="ct",
            purpose="checks the changed charts as chart-testing does",
            module="github.com/helm/chart-testing/v3",
            package="github.com/helm/chart-testing/v3/ct",
            stamp="github.com/helm/chart-testing/v3/ct/cmd.Version",
            ask=("version",),
            cold_s=30,
        ),
        GoTool(
            name="kubeconform",
            purpose="checks rendered objects against the Kubernetes schemas",
            module="github.com/yannh/kubeconform",
            package="github.com/yannh/kubeconform/cmd/kubeconform",
            stamp="main.version",
            ask=("-v",),
            cold_s=10,
        ),
        GoTool(
            name="registry",
            purpose="the embedded OCI registry",
            module="github.com/distribution/distribution/v3",
            package="github.com/distribution/distribution/v3/cmd/registry",
            stamp="github.com/distribution/distribution/v3/version.version",
            ask=("--version",),
            mend="./inv registry start",
            cold_s=90,
        ),
        GoTool(
            name="controller-gen",
            purpose="makes custom resource definitions from Go types",
            module="sigs.k8s.io/controller-tools",
            package="sigs.k8s.io/controller-tools/cmd/controller-gen",
            folder="tools/crds",
            mend="./inv crds --check",
            cold_s=40,
        ),
        GoTool(
            name="crowdsec-check",
            purpose="reads CrowdSec's configuration as it does itself",
            module="github.com/crowdsecurity/crowdsec",
            package="homelab/tools/checks/crowdsec/crowdsec-check",
            folder="tools/checks/crowdsec",
            mend="./inv test --tier charts",
            cold_s=60,
        ),
        GoTool(
            name="external-dns-flags",
            purpose="reads external-dns' settings as it does itself, without its clients of every provider",
            module="sigs.k8s.io/external-dns",
            package="homelab/tools/checks/external-dns/external-dns-flags",
            folder="tools/checks/external-dns",
            mend="./inv test --tier charts",
            cold_s=30,
        ),
        GoTool(
            name="promtool",
            purpose="checks and tries Prometheus' configuration and rules",
            module="github.com/prometheus/prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            # Without it the clients of every cloud are compiled in, and one of their modules is missing.
            tags="remove_all_sd",
            folder="tools/checks",
            mend="./inv test --tier charts",
            cold_s=60,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="github.com/prometheus/alertmanager",
                package=package,
                # Not beside promtool: its libraries are newer than those that promtool wants.
                folder="tools/alertmanager",
                mend="./inv test --tier charts",
                cold_s=cold_s,
            )
            for name, purpose, package, cold_s in (
                ("amtool", "checks Alertmanager's configuration", "github.com/prometheus/alertmanager/cmd/amtool", 50),
                ("inhibited", "tells which alerts Alertmanager holds back", "homelab/tools/alertmanager/inhibited", 5),
            )
        ),
        GoTool(
            name="loki",
            purpose="reads its configuration, and answers questions about lines that were written to it",
            module="github.com/grafana/loki/v3",
            package="github.com/grafana/loki/v3/cmd/loki",
            stamp="github.com/grafana/loki/v3/pkg/util/build.Version",
            bare=True,
            ask=("-version",),
            folder="tools/checks/loki",
            mend="./inv test --lab",
            cold_s=400,
        ),
        GoTool(
            name="logql",
            purpose="reads questions as Loki does",
            module="github.com/grafana/loki/v3",
            package="homelab/tools/checks/loki/logql",
            folder="tools/checks/loki",
            mend="./inv test --tier charts",
            cold_s=10,
        ),
        GoTool(
            name="alloycheck",
            purpose="reads Alloy's configuration with Alloy's parser",
            module="github.com/grafana/alloy/syntax",
            package="homelab/tools/checks/alloy/alloycheck",
            folder="tools/checks/alloy",
            mend="./inv test --tier charts",
            cold_s=20,
        ),
        GoTool(
            name="restic",
            purpose="copies volumes and restores them",
            module="github.com/restic/restic",
            package="github.com/restic/restic/cmd/restic",
            ask=("version",),
            folder="tools/backup",
            mend="./inv test --tier charts",
            cold_s=90,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="k8s.io/kubernetes",
                package=f"k8s.io/kubernetes/cmd/{name}",
                stamp="k8s.io/component-base/version.gitVersion",
                ask=ask,
                folder="tools/lab/kubernetes",
                mend="./inv lab up",
                cold_s=cold_s,
            )
            for name, purpose, ask, cold_s in (
                ("kube-apiserver", "the lab's Kubernetes API", ("--version",), 180),
                ("kube-controller-manager", "the lab's controllers", ("--version",), 60),
                ("kube-scheduler", "the lab's scheduler", ("--version",), 30),
                ("kubectl", "speaks to the lab", ("version", "--client"), 50),
            )
        ),
        GoTool(
            name="etcd",
            purpose="holds the lab's objects",
            module="go.etcd.io/etcd/server/v3",
            package="go.etcd.io/etcd/server/v3",
            ask=("--version",),
            folder="tools/lab/etcd",
            mend="./inv lab up",
            cold_s=20,
        ),
        GoTool(
            name="kwok",
            purpose="plays the lab's nodes and pods",
            module="sigs.k8s.io/kwok",
            package="sigs.k8s.io/kwok/cmd/kwok",
            ask=("--version",),
            folder="tools/lab/kwok",
            mend="./inv lab up",
            cold_s=60,
        ),
        GoTool(
            name="argocd",
            purpose="Argo CD, every component of it, for the lab",
            module="github.com/argoproj/argo-cd/v3",
            package="github.com/argoproj/argo-cd/v3/cmd",
            stamp="github.com/argoproj/argo-cd/v3/common.version",
            bare=True,
            ask=("version", "--client", "--short"),
            folder="tools/lab/argocd",
            mend="./inv lab up",
            cold_s=290,
        ),
        GoTool(
            name="redis",
            purpose="Argo CD's cache, in memory",
            module="github.com/alicebob/miniredis/v2",
            package="homelab/tools/lab/argocd/redis",
            stamp="main.version",
            ask=("--version",),
            folder="tools/lab/argocd",
            mend="./inv lab up",
            cold_s=5,
        ),
        GoTool(
            name="prometheus",
            purpose="the real Prometheus of a lab, which finds its targets at the API server",
            module="github.com/prometheus/prometheus",
            package="github.com/prometheus/prometheus/cmd/prometheus",
            # Without every cloud's client, as promtool; but with that of Kubernetes.
            tags="remove_all_sd,enable_kubernetes_sd",
            folder="tools/lab/prometheus",
            mend="./inv lab up --real prometheus",
            cold_s=90,
        ),
        GoTool(
            name="kube-state-metrics",
            purpose="the real kube-state-metrics of a lab",
            module="k8s.io/kube-state-metrics/v2",
            package="k8s.io/kube-state-metrics/v2",
            folder="tools/lab/kube-state-metrics",
            mend="./inv lab up --real kube-state-metrics",
            cold_s=60,
        ),
        GoTool(
            name="node-exporter",
            purpose="the real node-exporter of a lab",
            module="github.com/prometheus/node_exporter",
            package="github.com/prometheus/node_exporter",
            stamp="github.com/prometheus/common/version.Version",
            bare=True,
            ask=("--version",),
            folder="tools/lab/node-exporter",
            mend="./inv lab up --real node-exporter",
            cold_s=20,
        ),
        GoTool(
            name="metallb",
            purpose="the real controller of MetalLB of a lab",
            module="go.universe.tf/metallb",
            package="go.universe.tf/metallb/controller",
            folder="tools/lab/metallb",
            mend="./inv lab up --real metallb",
            cold_s=90,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="github.com/bitnami/sealed-secrets",
                package=f"github.com/bitnami/sealed-secrets/cmd/{program}",
                stamp="main.VERSION",
                bare=True,
                ask=("--version",),
                folder="tools/lab/sealed-secrets",
                mend="./inv lab up --real sealed-secrets",
                cold_s=30,
            )
            for name, program, purpose in (
                ("sealed-secrets", "controller", "the real controller of sealed-secrets of a lab"),
                ("kubeseal", "kubeseal", "opens what `inv seal` sealed, to show that a cluster can"),
            )
        ),
    )
}

GO_ENVIRONMENT: Mapping[str, str] = {
    "CGO_ENABLED": "0",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-buildvcs=false -modcacherw",
    "GOWORK": "off",
    "GOROOT": "",
    "GOOS": "",
    "GOARCH": "",
}
"""No C compiler, no other Go than the pinned one, for this machine, no surprise from an outer repository, and a cache that
can be deleted."""


def build_argv(go: Path, tools: Sequence[tuple[GoTool, str]], output: Path) -> tuple[str, ...]:
    """One `go build` for all tools of a module folder, each stamped with its version; the files land in `output`.

    One command shares the compiled packages and links one program while the next still compiles.
    """
    flags = (
        f"-ldflags={tool.package}=-s -w"
        + (f" -X {tool.stamp}={version.removeprefix('v') if tool.bare else version}" if tool.stamp else "")
        for tool, version in tools
    )
    packages = (tool.package for tool, _ in tools)
    tags = ",".join(sorted({tool.tags for tool, _ in tools if tool.tags}))
    tagged = (f"-tags={tags}",) if tags else ()
    return (str(go), "build", "-v", "-trimpath", *tagged, *flags, "-o", f"{output}/", *packages)


def required(go_mod: str) -> Mapping[str, str]:
    """Module → version, as the `require` lines of a go.mod say."""
    lines = (line.split("//")[0].removeprefix("require").split() for line in go_mod.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and words[1].startswith("v")}


def version_in(output: str) -> str:
    """The first version that a program's answer names, as `v1.2.3`; empty if there is none.

    What follows a `+` says how it was built, not what.
    """
    found = VERSION.search(output)
    return f"v{found[1]}" if found else ""
