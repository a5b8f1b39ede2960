"""`python -m slipway.lab.operators KUBECONFIG READY ROLE…`: follow the cluster, and make the changes that the roles want.

The file READY is there as soon as everything was listed. Each change is a line of the log.
"""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from slipway.lab.operators.api import Api, Refused
from slipway.lab.operators.roles import ROLES, decide
from slipway.lab.operators.seen import PATHS, Change, Data, NewSecret, name_of
from slipway.lab.operators.watch import Follower
from slipway.util.mapping import dig

AGAIN_S = 1.0
"""Before the same change of the same object is tried again."""
CONTROLLED = frozenset({"SealedSecret", "Cluster"})
"""Kinds that own the Secrets that are made for them, which a real operator then takes for its own."""


def main(arguments: Sequence[str]) -> None:
    """Run until a signal."""
    kubeconfig, ready, roles = Path(arguments[0]), Path(arguments[1]), tuple(arguments[2:])
    ready.unlink(missing_ok=True)
    api = Api.of(kubeconfig)
    follower = Follower(api=api, kinds=frozenset(kind for name in roles for kind in ROLES[name].reads))
    follower.start()
    tried: dict[tuple[str, str, str, str], float] = {}
    version, wait_s = -1, None
    while True:
        seen, version = follower.seen(version, wait_s)
        ready.touch()
        moment, wait_s = time.monotonic(), None
        tried = {what: when for what, when in tried.items() if moment - when < AGAIN_S}
        for change in decide(roles, seen, dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")):
            what = (change.kind, change.namespace, change.name, change.why)
            wait_s = AGAIN_S
            if what not in tried:
                tried[what] = moment
                say(change, write(api, follower, change))


def write(api: Api, follower: Follower, change: Change) -> str:
    """Make a change; returns why it failed, or nothing."""
    try:
        if isinstance(change, NewSecret):
            api.create("Secret", change.namespace, secret(change))
        else:
            made = api.patch(change.kind, change.namespace, change.name, change.body, status=change.status)
            follower.wrote(change.kind, made)
    except (Refused, OSError, http.client.HTTPException) as error:
        return str(error)
    return ""


def say(change: Change, failed: str) -> None:
    """A line of the log."""
    where = "/".join(part for part in (change.namespace, change.name) if part)
    print(f"{change.kind} {where}: {change.why}{': ' if failed else ''}{failed}", flush=True)


def secret(wanted: NewSecret) -> Data:
    """The Secret, with values of its own."""
    values = {name: secrets.token_hex(16).encode() for name in wanted.keys}
    if wanted.hosts:
        from slipway.lab import pki

        certificate, private = pki.pair(wanted.hosts)
        values |= {"tls.crt": certificate, "tls.key": private, "ca.crt": certificate, "ca.key": private}
    metadata: dict[str, object] = {"name": wanted.name}
    if wanted.owner.get("kind") in CONTROLLED:
        owner = wanted.owner
        kind = str(owner["kind"])
        metadata["ownerReferences"] = [
            {
                "apiVersion": "/".join(PATHS[kind].split("/")[2:4]),
                "kind": kind,
                "name": name_of(owner),
                "uid": dig(owner, "metadata").get("uid"),
                "controller": True,
            }
        ]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/tls" if wanted.hosts else "Opaque",
        "data": {name: base64.b64encode(value).decode() for name, value in values.items()},
    }


if __name__ == "__main__":
    main(sys.argv[1:])
