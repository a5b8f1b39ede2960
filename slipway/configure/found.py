"""What the machine shows: its network, its time zone, the git remote, logins to registries, the cluster. Nothing is asked of a network."""

from __future__ import annotations

import ipaddress
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.config.settings import SETTINGS
from slipway.config.values import Refused
from slipway.configure.model import Found
from slipway.context import Context
from slipway.core.errors import BuildError
from slipway.delivery.prepare import kubeconfig_of
from slipway.registry.credentials import login_files, plain
from slipway.tools.git import Git, config_args
from slipway.util import yaml
from slipway.util.mapping import dig, listing
from slipway.workspace.pinned import deploy_folder

ROUTES = Path("/proc/net/route")
"""Linux's IPv4 routes; elsewhere nothing is found. Source: proc_net_route(5)."""
LOCAL_TIME = Path("/etc/localtime")
"""A link into the tz database. Source: localtime(5)."""
ZONES = "zoneinfo/"


def find(context: Context) -> Found:
    """Look around; what cannot be read is not found."""
    cluster = cluster_of(context.environ)
    interface, network = home_network(content(ROUTES), host_of(cluster))
    return Found(
        network=network,
        interface=interface,
        time_zone=time_zone(context.environ, LOCAL_TIME),
        remote=remote_of(Git(run=context.run, root=context.config.root)),
        logins=tuple(dict.fromkeys(logins_of(context.environ))),
        cluster=cluster,
        in_use=in_use(context),
    )


def content(path: Path) -> str:
    """The text of a file; empty when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def home_network(routes: str, cluster: str) -> tuple[str, ipaddress.IPv4Network | None]:
    """Interface and network of the home: the one that has the cluster, else that of the default route.

    Args:
        routes: text of /proc/net/route.
        cluster: address of the API server; empty when it is not known.
    """
    direct: list[tuple[str, ipaddress.IPv4Network]] = []
    default = ""
    for line in routes.splitlines()[1:]:
        name, destination, gateway, _, _, _, _, mask, *_ = line.split()
        if gateway == "00000000" and mask != "00000000":
            network = ipaddress.IPv4Network((address_of(destination), address_of(mask)))
            direct += [(name, network)] if network.is_private and network.prefixlen < 31 else []
        elif destination == mask == "00000000":
            default = default or name
    try:
        server = ipaddress.ip_address(cluster)
    except ValueError:
        server = None
    with_cluster = [(name, network) for name, network in direct if server is not None and server in network]
    near = with_cluster or [(name, network) for name, network in direct if name == default]
    return near[0] if near else ("", None)


def address_of(digits: str) -> str:
    """An address of /proc/net/route: eight hexadecimal digits in the byte order of the machine."""
    return str(ipaddress.IPv4Address(struct.pack("=I", int(digits, 16))))


def time_zone(environ: Mapping[str, str], link: Path) -> str:
    """The time zone of TZ, or that of the machine; empty when it has no name."""
    named = environ.get("TZ", "").removeprefix(":")
    if named and not named.startswith("/"):
        return named
    try:
        _, found, name = link.resolve(strict=True).as_posix().rpartition(ZONES)
    except OSError:
        return ""
    return name if found else ""


def remote_of(git: Git) -> str:
    """The address of the remote `origin`, if Argo CD can use it."""
    try:
        url = git(*config_args("remote.origin.url"), ok_codes=frozenset({0, 1})).stdout.strip()
        SETTINGS["repository-url"].read(url)
    except (BuildError, Refused):
        return ""
    return "" if url.startswith("file:") else url


def logins_of(environ: Mapping[str, str]) -> Iterator[str]:
    """The hosts in Helm's and Docker's login files; a file that is broken has none."""
    for path in login_files(environ):
        try:
            data = json.loads(content(path) or "{}")
        except ValueError:
            continue
        for section in ("auths", "credHelpers"):
            yield from (plain(str(host)) for host in dig(data, section))


def cluster_of(environ: Mapping[str, str]) -> str:
    """The API server of the kubeconfig's present context; empty when there is none."""
    try:
        path = kubeconfig_of(environ, "")
        data = yaml.parse(path.read_bytes(), str(path)).mapping
    except (BuildError, OSError):
        return ""
    contexts = {str(each.get("name")): dig(each, "context") for each in listing(data, "contexts")}
    clusters = {str(each.get("name")): dig(each, "cluster") for each in listing(data, "clusters")}
    chosen = contexts.get(str(data.get("current-context")), {})
    return str(clusters.get(str(chosen.get("cluster")), {}).get("server", ""))


def host_of(server: str) -> str:
    """The host of an API server's address."""
    return server.partition("://")[2].rpartition(":")[0] or server.partition("://")[2]


def in_use(context: Context) -> dict[str, str]:
    """Environment → why its folder is worth keeping."""
    reasons: dict[str, str] = {}
    git = Git(run=context.run, root=context.config.root)
    for name, environment in context.workspace.environments.items():
        if deploy_folder(context.config, name).exists():
            reasons[name] = f"deploy/{name} says that it is released"
        elif environment.sealed:
            reasons[name] = f"values/{name}/sealed has secrets"
        elif changed := changed_below(git, f"values/{name}"):
            reasons[name] = f"{changed} has changes that are not committed"
    return reasons


def changed_below(git: Git, folder: str) -> str:
    """A file of a folder that no commit has as it is; the folder itself where git cannot tell."""
    try:
        return next(iter(git.changed_paths(paths=(folder,))), "")
    except BuildError:
        return folder
