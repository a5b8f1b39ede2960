"""`python -m slipway.lab.node.doors HERE=NAMESPACE=THERE …`: ports of this machine that lead into networks of the home.

Both addresses are `host:port`, the namespace is a file. A listening socket stays in the network that it was made in.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from slipway.lab import kernel
from slipway.lab.sandbox.forwarder import Forwarder, serve
from slipway.tools.background import with_parent


def passes(namespace: Path, forwarder: Forwarder, server: socket.socket) -> None:
    """Pass connections on into a network, for ever."""
    kernel.join(namespace, kernel.NEW_NETWORK)
    asyncio.run(serve(forwarder, server))


def main(arguments: list[str]) -> int:
    """One process for each door: a process is in one network."""
    import signal

    parent = os.getpid()
    children = []
    for argument in arguments:
        here, namespace, there = argument.split("=")
        forwarder = Forwarder(listen=here, to=there)
        server = forwarder.server()
        child = os.fork()
        if not child:
            with_parent(parent, signal.SIGKILL)
            passes(Path(namespace), forwarder, server)
            return 0
        children.append(child)
        server.close()
    # One that ends takes the others along.
    os.wait()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
