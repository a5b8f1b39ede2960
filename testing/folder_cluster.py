"""A program in the place of kubectl, for tests without an API server: a folder is the cluster, with a file for each object.

It answers what the steps before Argo CD ask: the version, objects by kind, server-side apply. It has no controllers.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from testing.monorepo import ROOT

SERVER = "v1.37.2+k3s1"


def install(folder: Path, cluster: Path, version: str) -> None:
    """Write the program into a folder for PATH.

    Args:
        folder: of the program.
        cluster: of the objects; as long as it does not exist, no cluster answers.
        version: which kubectl it says it is.
    """
    folder.mkdir(parents=True)
    program = folder / "kubectl"
    command = shlex.join([sys.executable, "-m", "testing.folder_cluster", str(cluster), version])
    program.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))} && exec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def objects(cluster: Path) -> list[Mapping[str, Any]]:
    """Every object."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(cluster.glob("*.json"))]


def apply(cluster: Path, documents: str) -> None:
    """Store the objects of a YAML stream."""
    for item in yaml.safe_load_all(documents):
        metadata = item["metadata"]
        name = f"{item['kind']}.{metadata.get('namespace', '')}.{metadata['name']}.json"
        (cluster / name).write_text(json.dumps(item), encoding="utf-8")


def selected(cluster: Path, arguments: Sequence[str]) -> list[Mapping[str, Any]]:
    """The objects that `get KIND [NAME] [-n NAMESPACE] [-l LABEL]` names."""
    kinds = {kind.partition(".")[0] for kind in arguments[0].split(",")}
    flags = {flag: arguments[place + 1] for place, flag in enumerate(arguments) if flag in {"-n", "-l"}}
    name = arguments[1] if len(arguments) > 1 and not arguments[1].startswith("-") else ""
    return [
        item
        for item in objects(cluster)
        if f"{item['kind'].lower()}s" in kinds
        and name in {"", item["metadata"]["name"]}
        and flags.get("-n", "") in {"", item["metadata"].get("namespace")}
        and ("-l" not in flags or flags["-l"].partition("=")[0] in item["metadata"].get("labels", {}))
    ]


def main(arguments: Sequence[str]) -> int:
    """Answer one command."""
    folder, version, *rest = arguments
    cluster = Path(folder)
    if rest[:1] == ["version"]:
        print(f"Client Version: {version}")
        return 0
    # Behind the kubeconfig.
    verb, *rest = rest[2:]
    if not cluster.is_dir():
        print("connection refused", file=sys.stderr)
        return 1
    if verb == "apply":
        apply(cluster, sys.stdin.read())
    elif verb == "api-resources":
        print("secrets v1 true Secret")
        if any(item["kind"] == "Application" for item in objects(cluster)):
            print("applications argoproj.io/v1alpha1 true Application")
    elif verb == "get":
        print(answer(cluster, rest))
    elif verb == "annotate":
        print("annotated")
    else:
        print(f"{verb}: this is no cluster", file=sys.stderr)
        return 1
    return 0


def answer(cluster: Path, arguments: Sequence[str]) -> str:
    """What `get` prints."""
    if arguments[0] == "--raw":
        return json.dumps({"gitVersion": SERVER})
    found = selected(cluster, arguments)
    if "tls" in arguments[-1]:
        return "\n".join(f"{item['metadata']['name']} {item['data']['tls.crt']}" for item in found)
    if "--ignore-not-found" in arguments:
        return json.dumps(found[0]) if found else ""
    return json.dumps({"kind": "List", "items": found})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
