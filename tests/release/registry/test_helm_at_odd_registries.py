"""Where helm push succeeds, so do we: the same registries, with the same login, and the same bytes in the end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.config import RegistryConfig
from slipway.core.errors import AlreadyPublished
from slipway.core.model import Archive
from slipway.docs.source.registries import REGISTRIES, KnownRegistry
from slipway.registry.client import Registry
from slipway.registry.publish import manifest_of, publish
from slipway.tools.run import Command, run_process
from testing.registries import ODD, behaviour_of
from testing.registry_stub import BASIC, Behaviour, Stub, stub_registry

pytestmark = [pytest.mark.helm]

Make = Callable[..., Archive]

ONLY_WE = frozenset(
    {
        "a login that is negotiated beside Basic",
        "a token service that does not exist beside Basic",
        "capitals in the host of the Location",
        "manifests that answer 200",
        "manifests that answer 202",
        "manifests under tags alone",
        "parameters without quotes",
        "spaces around the parameters",
        "uploads that answer 200",
        "uploads that answer 202",
        "uploads that answer 204",
    }
)
"""Where helm push gives up, and nothing speaks against going on: what was sent is read back."""


def host_of(stub: Stub) -> str:
    return f"localhost:{stub.server.port}"


def login(folder: Path, host: str) -> dict[str, str]:
    """A login file that both read."""
    path = folder / "registry.json"
    path.write_text(json.dumps({"auths": {host: {"auth": BASIC.removeprefix("Basic ")}}}), encoding="utf-8")
    return {"HELM_REGISTRY_CONFIG": str(path)}


def helm_pushes(helm: Path, archive: Archive, host: str, environ: dict[str, str]) -> bool:
    argv = (str(helm), "push", str(archive.path), f"oci://{host}/charts", "--plain-http")
    return run_process(Command(argv=argv, env={"TZ": "UTC", **environ}, ok_codes=None)).code == 0


def we_push(archive: Archive, host: str, environ: dict[str, str]) -> None:
    config = RegistryConfig(host=host, prefix="charts", plain_http=True, timeout_s=5.0, attempts=2)
    registry = Registry.open(config, environ, sleep=lambda _: None)
    publish(registry, archive)
    registry.close()


def compare(behaviour: Behaviour, helm: Path, archive: Archive, folder: Path) -> bool:
    """Whether helm publishes; we do in any case."""
    with stub_registry(behaviour) as stub:
        stub.repositories.add("charts/sonarr")
        pushed = helm_pushes(helm, archive, host_of(stub), login(folder, host_of(stub)))
        theirs = dict(stub.manifests) if pushed else {}
    with stub_registry(behaviour) as stub:
        stub.repositories.add("charts/sonarr")
        we_push(archive, host_of(stub), login(folder, host_of(stub)))
        ours = stub.manifests

    assert ours == {("charts/sonarr", str(manifest_of(archive)[1])): manifest_of(archive)[0]}
    assert theirs in ({}, ours)
    return pushed


@pytest.mark.parametrize("known", REGISTRIES, ids=lambda known: known.name)
def test_helm_and_we_publish_the_same_at_every_registry_of_the_table(
    known: KnownRegistry, helm_binary: Path, make: Make, tmp_path: Path
) -> None:
    assert compare(behaviour_of(known), helm_binary, make(), tmp_path)


@pytest.mark.parametrize("odd", ODD)
def test_we_publish_at_an_odd_registry_whether_helm_does_or_not(
    odd: str, helm_binary: Path, make: Make, tmp_path: Path
) -> None:
    assert compare(ODD[odd], helm_binary, make(), tmp_path) is (odd not in ONLY_WE)


@pytest.mark.parametrize("host", ["registry.example.org", "registry.example.org:80"])
def test_helm_and_we_publish_through_a_proxy(host: str, helm_binary: Path, make: Make, tmp_path: Path) -> None:
    archive = make()
    for publishes in (lambda *a: helm_pushes(helm_binary, *a), we_push):
        with stub_registry(Behaviour(challenges=('Basic realm="r"',))) as stub:
            environ = {**login(tmp_path, host), "HTTP_PROXY": f"http://{stub.server.address}"}

            assert publishes(archive, host, environ) is not False

            assert list(stub.manifests) == [("charts/sonarr", str(manifest_of(archive)[1]))]
            assert all(request.split()[1].startswith("http://registry.example.org") for request in stub.requests)


@pytest.mark.parametrize("known", [known for known in REGISTRIES if known.refusal], ids=lambda known: known.name)
def test_a_guarded_tag_stops_helm_and_us(known: KnownRegistry, helm_binary: Path, make: Make, tmp_path: Path) -> None:
    with stub_registry(behaviour_of(known)) as stub:
        stub.repositories.add("charts/sonarr")
        environ = login(tmp_path, host_of(stub))
        we_push(make(), host_of(stub), environ)

        assert not helm_pushes(helm_binary, make(content="two"), host_of(stub), environ)
        with pytest.raises(AlreadyPublished):
            we_push(make(content="two"), host_of(stub), environ)
