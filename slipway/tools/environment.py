"""The environment of the programs that we start: this process's, without what would change their results. Pure."""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES = (
    "HELM_",
    "KUBE",
    "CT_",
    "REGISTRY_",
    "ARGOCD_",
    "ETCD_",
    "OTEL_",
    "RESTIC_",
    "PYTHON",
    "PYTEST_",
    "MYPY",
    "RUFF_",
    "GIT_",
    "CGO_",
    "INVOKE_",
)
"""Variables by which a caller sets the programs that we run: folders, plugins, drivers, defaults, another repository."""
GO = frozenset(
    [
        "GO111MODULE",
        "GO386",
        "GOAMD64",
        "GOARCH",
        "GOARM",
        "GOARM64",
        "GOBIN",
        "GODEBUG",
        "GOEXPERIMENT",
        "GOFIPS140",
        "GOFLAGS",
        "GOGC",
        "GOMEMLIMIT",
        "GOMIPS",
        "GOMIPS64",
        "GOOS",
        "GOPPC64",
        "GORISCV64",
        "GOROOT",
        "GOTOOLCHAIN",
        "GOWASM",
        "GOWORK",
    ]
)
"""The same of Go; GOPROXY, GOCACHE and others that say where sources come from are the user's. Source: go help environment."""
KEPT = ("GIT_ASKPASS", "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG", "GIT_HTTP_", "GIT_PROXY_", "GIT_SSH", "GIT_SSL_")
"""Variables of git that say who the user is and how a server is reached."""


def without_foreign(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program may get from its caller."""
    return {name: value for name, value in environ.items() if not foreign(name)}


def foreign(name: str) -> bool:
    """Whether a variable would change what a program does."""
    return (name.startswith(PREFIXES) and not name.startswith(KEPT)) or name in GO
