"""kubectl: argument vectors in, JSON out; always with an explicit kubeconfig, never with the default one of the user."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from slipway.tools.run import Command, Completed, Runner

Data = Mapping[str, object]
PREFERENCES = {"KUBERC": "off"}
"""No defaults of the user from ~/.kube/kuberc. Source: kubectl, Kubernetes 1.34, pkg/kuberc."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """The pinned kubectl, for one cluster."""

    run: Runner
    program: Callable[[], Path]
    kubeconfig: Path

    def argv(self, *args: str) -> tuple[str, ...]:
        """The argument vector."""
        return (str(self.program()), "--kubeconfig", str(self.kubeconfig), *args)

    def __call__(
        self, *args: str, stdin: bytes | None = None, ok_codes: frozenset[int] | None = frozenset({0})
    ) -> Completed:
        """Run kubectl.

        Raises:
            ToolMissing: kubectl is not there.
            ToolFailed: it ended with a code outside `ok_codes`.
        """
        return self.run(Command(argv=self.argv(*args), env=PREFERENCES, stdin=stdin, ok_codes=ok_codes))

    def items(self, *what: str) -> list[Data]:
        """`kubectl get`: the objects of a kind, by namespace and name.

        Raises:
            ToolFailed: the API server refuses.
        """
        result = json.loads(self("get", *what, "-o", "json").stdout)
        return cast(list[Data], result["items"] if result["kind"].endswith("List") else [result])

    def find(self, *what: str) -> Data | None:
        """`kubectl get` of one object; None when it is not there.

        Raises:
            ToolFailed: the API server refuses.
        """
        output = self("get", *what, "-o", "json", "--ignore-not-found").stdout
        return cast(Data, json.loads(output)) if output.strip() else None

    def apply(self, content: bytes, *, manager: str, extra: Sequence[str] = ()) -> Completed:
        """Server-side apply of a YAML stream; conflicts are taken over.

        Raises:
            ToolFailed: the API server refuses an object; the others are applied.
        """
        flags = ("--server-side", "--force-conflicts", "--field-manager", manager, *extra)
        return self("apply", *flags, "-f", "-", stdin=content)

    def apply_stream(self, content: bytes, *, manager: str, namespace: str = "", dry_run: bool = False) -> Completed:
        """Server-side apply of a YAML stream, or what would come of it, as JSON; the caller reads the exit code.

        Raises:
            ToolMissing: kubectl is not there.
        """
        flags = ["--server-side", "--force-conflicts", "--field-manager", manager, "-o", "json"]
        flags += ["--namespace", namespace] if namespace else []
        flags += ["--dry-run=server"] if dry_run else []
        return self("apply", *flags, "-f", "-", stdin=content, ok_codes=None)

    def kinds(self) -> frozenset[str]:
        """Every kind that the server knows, as `Kind.version.group`, or `Kind` for the core group.

        Raises:
            ToolFailed: the API server does not answer.
        """
        found = set()
        for line in self("api-resources", "--no-headers").stdout.splitlines():
            api_version, _, kind = line.split()[-3:]
            group, _, version = api_version.rpartition("/")
            found.add(f"{kind}.{version}.{group}" if group else kind)
        return frozenset(found)
