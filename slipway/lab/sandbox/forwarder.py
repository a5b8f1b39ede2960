"""Passing connections on, byte by byte, between sockets of different networks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarder:
    """Who listens where, and where its connections go on to; each address is `host:port`."""

    listen: str
    to: str
    source: str = ""
    """Address that the second half of a connection comes from; empty: any."""

    def server(self) -> socket.socket:
        """The listening socket, in the network of this process.

        Raises:
            OSError: somebody else listens there.
        """
        return socket.create_server(pair(self.listen))


def pair(address: str) -> tuple[str, int]:
    """`host:port` in two parts."""
    host, _, port = address.rpartition(":")
    return host, int(port)


async def serve(forwarder: Forwarder, server: socket.socket) -> None:
    """Pass on every connection that a listening socket takes, for ever."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # At the end of the process its connections end as well, and nobody needs to be told.
        with contextlib.suppress(asyncio.CancelledError):
            await join(forwarder, reader, writer)

    listener = await asyncio.start_server(take, sock=server)
    await listener.serve_forever()


async def join(forwarder: Forwarder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open the second half of a connection and copy both directions; a failure of one half is one of the other."""
    writers = [writer]
    try:
        host, port = pair(forwarder.to)
        local = (forwarder.source, 0) if forwarder.source else None
        further_reader, further_writer = await asyncio.open_connection(host, port, local_addr=local)
        writers.append(further_writer)
        await asyncio.gather(copy(reader, further_writer), copy(further_reader, writer))
    except OSError:
        for each in writers:
            each.transport.abort()
    finally:
        for each in writers:
            each.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction of a connection, until its end."""
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
