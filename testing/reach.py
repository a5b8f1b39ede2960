"""Who reaches whom on a node: connections that are tried from the network of every pod.

`python -m testing.reach` runs on the node, reads `host:port` lines, and prints JSON: pod's address → target → how it ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.lab import kernel

NETWORKS = Path("/run/netns")
"""Where the container runtime keeps the network of each pod."""
PATIENCE_S = 4.0
AT_ONCE = 32
TOGETHER = 4
OPEN = "open"


def own_address() -> str:
    """The address that this network's packets have."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))
        return str(asked.getsockname()[0])


async def attempt(target: str, turn: asyncio.Semaphore) -> str:
    """How a connection ends: `open`, `timeout`, or the kernel's word."""
    host, _, port = target.rpartition(":")
    async with turn:
        try:
            async with asyncio.timeout(PATIENCE_S):
                _, writer = await asyncio.open_connection(host, int(port))
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return error.strerror or "refused"
        writer.close()
        return OPEN


async def attempts(targets: Sequence[str]) -> Mapping[str, str]:
    """All of them."""
    turn = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(attempt(target, turn) for target in targets))
    return dict(zip(targets, found, strict=True))


def from_network(network: Path, targets: Sequence[str], output: int) -> None:
    """Try all from one network; a process of its own, for it stays there."""
    kernel.join(network, kernel.NEW_NETWORK)
    line = json.dumps([own_address(), asyncio.run(attempts(targets))]) + "\n"
    os.write(output, line.encode())


def main() -> int:
    """Try all targets from all networks."""
    targets = sys.stdin.read().split()
    networks = sorted(NETWORKS.iterdir())
    groups = [networks[start : start + TOGETHER] for start in range(0, len(networks), TOGETHER)]
    json.dump({key: value for group in groups for key, value in from_group(group, targets).items()}, sys.stdout)
    return 0


def from_group(networks: Sequence[Path], targets: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Try all targets from some networks at once."""
    streams = []
    for network in networks:
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            try:
                from_network(network, targets, writes)
            finally:
                os._exit(0)
        os.close(writes)
        streams.append(os.fdopen(reads, "rb"))
    return dict(json.loads(line) for stream in streams for line in stream.read().splitlines())


if __name__ == "__main__":
    sys.exit(main())
