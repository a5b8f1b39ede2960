"""Questions to a DNS server from a machine of the home network: `python -m testing.look_up SERVER udp|tcp` reads names, prints JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

import dns.message
import dns.query

PATIENCE_S = 20.0
ASK: Mapping[str, Callable[..., dns.message.Message]] = {"udp": dns.query.udp, "tcp": dns.query.tcp}


def addresses(name: str, server: str, protocol: str) -> list[str]:
    """The IPv4 addresses of a name."""
    found = ASK[protocol](dns.message.make_query(name, "A"), server, timeout=PATIENCE_S)
    return [str(item) for record in found.answer for item in record]


def main(arguments: list[str]) -> int:
    """Ask for all."""
    server, protocol = arguments
    json.dump({name: addresses(name, server, protocol) for name in sys.stdin.read().split()}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
