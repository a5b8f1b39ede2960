"""The home network and its machines: addresses and cables. Pure."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

BRIDGE = "lan"
INTERNET = ipaddress.IPv4Network("203.0.113.0/24")
"""From the range that RFC 5737 keeps for documentation."""
GATEWAY, STRANGER, WEB = INTERNET[1], INTERNET[6], INTERNET[7]
"""Of the home, of somebody on the internet, and of every server there."""
RESOLVERS = (ipaddress.IPv4Address("1.1.1.1"), ipaddress.IPv4Address("9.9.9.9"))
"""Those that the charts name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """A pair of network devices: one here, the other on another machine."""

    device: str
    other: str
    """Name of the other machine, which must be there already."""
    other_device: str
    other_network: tuple[str, ...] = ()
    """Lines for `ip -batch` on the other machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine of the home: a network of its own, and files and processes of its own where it is a node."""

    name: str
    folder: str
    """On this machine: `ns/` has links to its namespaces."""
    cables: tuple[Cable, ...] = ()
    network: tuple[str, ...] = ()
    """Lines for `ip -batch`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Path below /proc/sys/ → value, of its network."""
    own_files: bool = False
    """Whether it has a root folder and processes of its own."""
    shown: tuple[str, ...] = ()
    """Folders of this machine that it sees at the same place."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Path on it → folder of this machine that holds it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path on it → file of this machine that it sees there; the path exists."""

    @property
    def text(self) -> str:
        """The file that `machine.py` reads."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> Machine:
        """Read the file.

        Raises:
            ValueError, KeyError, TypeError: it is not one.
        """
        data = json.loads(text)
        cables = tuple(Cable(**{**item, "other_network": tuple(item["other_network"])}) for item in data["cables"])
        lists = {key: tuple(data[key]) for key in ("network", "shown")}
        return cls(**{**data, **lists, "cables": cables})

    def namespace(self, kind: str) -> Path:
        """File of one of its namespaces."""
        return Path(self.folder) / "ns" / kind

    @property
    def ready(self) -> Path:
        """Exists while it can be used: the last link that is made, and one that leads nowhere once the machine has ended."""
        return self.namespace("net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Addresses of the home network, none of them in the pool that MetalLB assigns from."""

    lan: ipaddress.IPv4Network
    pool: str
    """As in `values/`: a network or `first-last`."""

    @property
    def free(self) -> tuple[ipaddress.IPv4Address, ...]:
        """The first addresses outside of the pool."""
        return tuple(islice((address for address in self.lan.hosts() if not within(address, self.pool)), 8))

    @property
    def router(self) -> ipaddress.IPv4Address:
        """Gateway and DNS server."""
        return self.free[0]

    @property
    def server(self) -> ipaddress.IPv4Address:
        """The node."""
        return self.free[1]

    @property
    def store(self) -> ipaddress.IPv4Address:
        """The registry."""
        return self.free[2]

    @property
    def client(self) -> ipaddress.IPv4Address:
        """Somebody at home."""
        return self.free[3]

    def in_lan(self, address: ipaddress.IPv4Address) -> str:
        """An address with the length of its network's prefix."""
        return f"{address}/{self.lan.prefixlen}"


def within(address: ipaddress.IPv4Address, pool: str) -> bool:
    """Whether an address is one of a MetalLB pool."""
    first, dash, last = pool.partition("-")
    if dash:
        return ipaddress.IPv4Address(first) <= address <= ipaddress.IPv4Address(last)
    return address in ipaddress.IPv4Network(pool)


def machines(home: Home, folder: Path, node: Machine) -> tuple[Machine, ...]:
    """Every machine, in the order in which they are made.

    Args:
        home: the addresses.
        folder: a folder for each is made below it.
        node: the node without its network.
    """
    wan = Cable(
        device="eth0",
        other="home",
        other_device="wan",
        other_network=(
            f"addr add {GATEWAY}/{INTERNET.prefixlen} dev wan",
            "link set wan up",
            f"route replace default via {WEB}",
        ),
    )
    return (
        Machine(
            name="home",
            folder=str(folder / "home"),
            network=(
                f"link add {BRIDGE} type bridge",
                f"addr add {home.in_lan(home.router)} dev {BRIDGE}",
                f"addr add {home.in_lan(home.store)} dev {BRIDGE}",
                f"link set {BRIDGE} up",
            ),
            settings={"net/ipv4/ip_forward": "1"},
        ),
        Machine(
            name="internet",
            folder=str(folder / "internet"),
            cables=(wan,),
            network=(
                *up(f"{STRANGER}/{INTERNET.prefixlen}", GATEWAY),
                f"addr add {WEB}/{INTERNET.prefixlen} dev eth0",
                *(f"addr add {address}/32 dev eth0" for address in RESOLVERS),
            ),
        ),
        at_home(home, Machine(name="client", folder=str(folder / "client")), home.client),
        at_home(home, node, home.server),
    )


def at_home(home: Home, machine: Machine, address: ipaddress.IPv4Address) -> Machine:
    """A machine of the home network."""
    there = (f"link set {machine.name} master {BRIDGE}", f"link set {machine.name} up")
    cable = Cable(device="eth0", other="home", other_device=machine.name, other_network=there)
    return replace(machine, cables=(cable,), network=up(home.in_lan(address), home.router))


def up(address: str, gateway: ipaddress.IPv4Address) -> tuple[str, ...]:
    """Give the only device its address."""
    return (f"addr add {address} dev eth0", "link set eth0 up", f"route add default via {gateway}")
