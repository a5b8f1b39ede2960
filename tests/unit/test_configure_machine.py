"""What `configure` reads from a machine, and how it writes."""

import ipaddress
import json
from pathlib import Path

import pytest

from slipway.configure import found as looking
from slipway.configure.plan import Plan
from slipway.configure.write import write
from slipway.core.errors import BuildError
from slipway.tools.git import Git
from slipway.tools.run import run_process

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0114A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0014A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
wg0\t0000070A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


@pytest.mark.parametrize(
    ("cluster", "interface", "network"),
    [
        ("", "eth0", "192.168.20.0/24"),
        ("203.0.113.7", "eth0", "192.168.20.0/24"),
        ("10.7.1.2", "wg0", "10.7.0.0/16"),
        ("k3s.example.net", "eth0", "192.168.20.0/24"),
    ],
)
def test_the_home_network_is_that_of_the_cluster_or_of_the_default_route(
    cluster: str, interface: str, network: str
) -> None:
    assert looking.home_network(ROUTES, cluster) == (interface, ipaddress.IPv4Network(network))


def test_without_routes_there_is_no_network() -> None:
    assert looking.home_network("", "") == ("", None)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", "Europe/Vienna"),
        (":America/Lima", "America/Lima"),
        ("America/Lima", "America/Lima"),
        ("/etc/x", "Europe/Vienna"),
    ],
)
def test_the_time_zone_is_that_of_tz_or_of_the_link(tmp_path: Path, named: str, expected: str) -> None:
    zone = tmp_path / "zoneinfo" / "Europe" / "Vienna"
    zone.parent.mkdir(parents=True)
    zone.write_bytes(b"TZif")
    (tmp_path / "localtime").symlink_to(zone)

    assert looking.time_zone({"TZ": named} if named else {}, tmp_path / "localtime") == expected
    assert looking.time_zone({}, tmp_path / "missing") == ""


def test_registries_that_somebody_logged_in_to_are_named_without_a_secret(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    entry = {"auth": "c2VjcmV0OnNlY3JldA=="}
    content = {
        "auths": {"ghcr.io": entry, "https://registry.example.net/v2/": entry},
        "credHelpers": {"quay.io": "pass"},
    }
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    environ = {"HOME": str(tmp_path), "HELM_REGISTRY_CONFIG": str(tmp_path / "broken.json")}

    assert list(looking.logins_of(environ)) == ["ghcr.io", "registry.example.net", "quay.io"]


def test_the_cluster_is_that_of_the_present_context(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "current-context: home\n"
        "contexts:\n- {name: work, context: {cluster: other}}\n- {name: home, context: {cluster: k3s}}\n"
        "clusters:\n- {name: other, cluster: {server: https://192.0.2.1:6443}}\n"
        "- {name: k3s, cluster: {server: https://10.7.1.2:6443}}\n",
        encoding="utf-8",
    )

    assert looking.cluster_of({"KUBECONFIG": str(config)}) == "https://10.7.1.2:6443"
    assert looking.host_of("https://10.7.1.2:6443") == "10.7.1.2"
    assert looking.cluster_of({"KUBECONFIG": str(tmp_path / "missing")}) == ""


@pytest.mark.parametrize(
    ("remote", "offered"),
    [
        ("git@github.com:me/homelab.git", "git@github.com:me/homelab.git"),
        ("https://me:secret@git.example.net/homelab.git", ""),
        ("/srv/git/homelab", ""),
        ("file:///srv/git/homelab", ""),
    ],
)
def test_a_remote_is_offered_when_argo_cd_can_read_it(tmp_path: Path, remote: str, offered: str) -> None:
    git = Git(run=run_process, root=tmp_path)
    git("init", "--quiet")
    assert looking.remote_of(git) == ""
    git("remote", "add", "origin", remote)

    assert looking.remote_of(git) == offered


def test_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "values" / name).mkdir(parents=True)
        (tmp_path / "values" / name / "platform.yaml").write_text("old\n", encoding="utf-8")
    texts = {
        "values/one/platform.yaml": b"new\n",
        "values/new/platform.yaml": b"new\n",
        "values/two/platform.yaml": None,
    }
    (tmp_path / "pyproject.toml").mkdir()

    with pytest.raises(BuildError):
        write(tmp_path, Plan(environment="one", texts={**texts, "pyproject.toml": b"x"}, changes=()))
    assert [(tmp_path / "values" / name / "platform.yaml").read_text() for name in ("one", "two")] == ["old\n", "old\n"]
    assert not (tmp_path / "values/new/platform.yaml").exists()

    write(tmp_path, Plan(environment="one", texts=texts, changes=()))
    assert (tmp_path / "values/one/platform.yaml").read_text() == "new\n"
    assert (tmp_path / "values/new/platform.yaml").read_text() == "new\n"
    assert not (tmp_path / "values/two").exists()
