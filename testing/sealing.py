"""Keys and environments for tests that seal."""

from __future__ import annotations

import base64
import functools
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from slipway.secrets import encryption, keys
from testing.monorepo import SCHEMA, Monorepo, small
from testing.workspaces import program

NOW = datetime.now(tz=UTC)

READERS = """\
{{- define "common.all" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            {{- range $name, $spec := .Values.secrets }}
            {{- range $key := $spec.keys }}
            - name: {{ upper $key }}
              valueFrom: {secretKeyRef: {name: {{ $name }}, key: {{ $key }}, optional: {{ $spec.spare | default false }}}}
            {{- end }}
            {{- end }}
{{- end -}}
"""
"""A library whose services read every key of the secrets that they declare; `spare` makes one optional."""


def declare_secrets(repo: Monorepo) -> None:
    """Let the services of a monorepo declare secrets, and read them."""
    repo.library(template=READERS)
    properties = {**SCHEMA["properties"], "secrets": {"type": "object"}}  # type: ignore[dict-item]
    repo.write("charts/common/schemas/values.json", json.dumps({**SCHEMA, "properties": properties}))


def two_namespaces(folder: Path, sonarr: str, radarr: str) -> Monorepo:
    """A monorepo in `folder/repo` with sonarr in infra and radarr in htpc, each with these values; the private key is `folder/key.yaml`."""
    repo = small(folder / "repo", services=("sealed-secrets", "sonarr"), umbrella="infra")
    repo.service("radarr")
    repo.umbrella("htpc", ["radarr"])
    declare_secrets(repo)
    repo.write("charts/sonarr/values.yaml", sonarr)
    repo.write("charts/radarr/values.yaml", radarr)
    with_key(repo, folder / "key.yaml")
    return repo


def opened(sealed: bytes, key: Path) -> dict[str, bytes]:
    """What the real program makes of a SealedSecret with a private key."""
    command = [str(program("kubeseal")), "--recovery-unseal", "--recovery-private-key", str(key)]
    done = subprocess.run(command, input=sealed, capture_output=True, check=True)  # noqa: S603 - a pinned program
    data = json.loads(done.stdout)["data"]
    return {name: base64.b64decode(value) for name, value in data.items()}


def with_controller(root: Path) -> Monorepo:
    """A monorepo whose only umbrella has the controller."""
    return small(root, services=("sealed-secrets", "sonarr"), umbrella="infra")


def with_key(repo: Monorepo, private: Path, environment: str = "staging", made: datetime = NOW) -> encryption.KeyPair:
    """Give an environment a certificate, and its private key as a file; smaller than a real one, for speed."""
    pair = pair_of(environment, made)
    repo.write(f"values/{environment}/sealed-secrets.pem", pair.certificate.pem.decode())
    private.write_bytes(keys.key_manifest(pair, "infra", "key"))
    return pair


@functools.cache
def pair_of(environment: str, made: datetime) -> encryption.KeyPair:
    """The key of an environment: the same one in every test of a process, because making one takes longer than using it."""
    return encryption.generate_key_pair(made, bits=2048)
