"""Files of odd shapes: the static checks report problems or nothing, and never fail."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.workspaces import assemble, static_problems

FILES = [
    "charts/app/Chart.yaml",
    "charts/app/values.yaml",
    "charts/app/ci/odd-values.yaml",
    "charts/common/values.yaml",
    "umbrella/home/Chart.yaml",
    "umbrella/home/values.yaml",
    "values/staging/home.yaml",
    "values/staging/platform.yaml",
    "values/staging/sealed/home/odd.yaml",
]

DOCUMENT = {
    "enabled": True,
    "app": {"controllers": {"app": {"env": {"HOST": "web-rw"}}}},
    "route": {"app": {"host": "a.example.org"}},
    "service": {"app": {"annotations": {"metallb.io/loadBalancerIPs": "10.0.0.1"}}},
    "network": {"ingress": {"a": {"from": {"app": "web"}}}, "egress": {"a": {"to": {"database": "web"}, "ports": [1]}}},
    "databases": {"web": {"application": "app", "storage": {"size": "1Gi"}}},
    "secrets": {"web": {"database": "web", "keys": ["a"], "generate": ["a:32"]}},
    "persistence": {"data": {"type": "pvc", "size": "1Gi"}},
    "backup": {"data": {"persistence": "data", "method": "files", "sqlite": ["a.db"]}},
    "extraObjects": {"pool": {"kind": "IPAddressPool", "spec": {"addresses": ["10.0.0.0/24"]}}},
    "lan": {"cidr": "10.0.0.0/24"},
    "addressPool": "10.0.0.1-10.0.0.9",
    "storage": {"class": "local-path"},
    "dependencies": [{"name": "app", "version": "1.0.0", "repository": "file://../../charts/app", "alias": "x"}],
    "annotations": {"slipway.homelab/main": "app"},
    "apiVersion": "bitnami.com/v1alpha1",
    "kind": "SealedSecret",
    "metadata": {"name": "odd", "namespace": "home", "labels": {"a": "b"}},
    "spec": {"encryptedData": {"a": "b"}, "template": {"type": "Opaque", "data": {}}},
}

SCALARS = st.sampled_from([None, True, False, 0, -1, 1.5, float("nan"), "", "a", "10.0.0.0/8", "{{", "1.0.0", b"\xff"])
KEYS = st.sampled_from([*DOCUMENT, "a", "", "a.b", 1, 1.5, True, None])
ODD = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def paths(node: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The path of every node below one."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from paths(value, (*path, key))


def replaced(node: object, path: tuple[object, ...], value: object) -> object:
    """A document with another value at a path."""
    if not path:
        return value
    if isinstance(node, dict):
        return {**node, path[0]: replaced(node.get(path[0]), path[1:], value)}
    assert isinstance(node, list)
    index = path[0]
    assert isinstance(index, int)
    return [*node[:index], replaced(node[index], path[1:], value), *node[index + 1 :]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base of the test workspaces, with each file that is made odd."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "nothing").mkdir()
    return assemble(folder / "nothing", folder / "repo")


def document_of(path: Path) -> dict[str, object]:
    """The document in a file, with the fields of `DOCUMENT` that it does not have."""
    own = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    of_members = path.parts[-2:] in {("home", "values.yaml"), ("staging", "home.yaml")}
    return ({"app": DOCUMENT, "web": DOCUMENT} if of_members else DOCUMENT) | (own or {})


def checked(base: Path, name: str, content: bytes) -> None:
    """Write a file, run the static checks, and restore it."""
    path = base / name
    before = path.read_bytes() if path.is_file() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    try:
        for problem in static_problems(base):
            assert str(problem)
    finally:
        if before is not None:
            path.write_bytes(before)
        else:
            path.unlink()
            if path.parent.name in {"ci", "home"}:
                shutil.rmtree(path.parent)


@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(FILES), value=ODD)
def test_a_value_of_any_shape_gives_problems_or_none(base: Path, data: st.DataObject, name: str, value: object) -> None:
    document = document_of(base / name)
    path = data.draw(st.sampled_from([(), *paths(document)]))
    checked(base, name, yaml.safe_dump(replaced(document, path, value)).encode())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"---\n---\n",
        b"a: 1\n---\nb: 1\n",
        b"[]\n",
        b"? [a]\n: b\n",
        b"2020-01-01: 2020-01-01\n",
        b"a: &a [*a]\n",
        b"<<: 1\n",
        b"a: !custom b\n",
        b"a: \xff\n",
        b"\xff\xfea\x00:\x00",
        b"a: {{ .Values.b }}\n",
        b"a: " + b"[" * 500 + b"]" * 500 + b"\n",
    ],
    ids=lambda content: repr(content)[:20],
)
def test_a_file_of_any_content_gives_problems_or_none(base: Path, name: str, content: bytes) -> None:
    checked(base, name, content)
