"""A copy of the cluster that follows it: a thread for each kind lists it, then applies its events."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from slipway.lab.operators.api import Api, Refused
from slipway.lab.operators.seen import Data, Seen, name_of, namespace_of
from slipway.util.mapping import dig

RETRY_S = 0.5
"""Between two attempts: a kind is not served yet, or the API server does not answer."""
CERTIFICATE = "tls.crt"
WITH_VALUES = frozenset({"Secret", "ConfigMap"})
NOT_FOUND = 404


@dataclass(kw_only=True)
class Follower:
    """The copy."""

    api: Api
    kinds: frozenset[str]
    objects: dict[str, dict[tuple[str, str], Data]] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)
    version: int = 0
    """Grows with each event."""

    def start(self) -> None:
        """Follow, in threads that end with this process."""
        for kind in sorted(self.kinds):
            threading.Thread(target=self.follow, args=(kind,), daemon=True, name=kind).start()

    def follow(self, kind: str) -> None:
        """Follow one kind for ever."""
        while True:
            try:
                items, version = self.api.listed(kind)
                self.replace(kind, items)
                for event, item in self.api.watched(kind, version):
                    self.apply(kind, event, item)
            except Refused as error:
                if error.status == NOT_FOUND:
                    self.replace(kind, ())
                time.sleep(RETRY_S)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(RETRY_S)

    def replace(self, kind: str, items: Iterable[Data]) -> None:
        """Take what was listed."""
        made = {key(item): slim(kind, item) for item in items}
        with self.news:
            if self.objects.get(kind) != made:
                self.objects[kind] = made
                self.notify()

    def apply(self, kind: str, event: str, item: Data) -> None:
        """Take an event."""
        with self.news:
            if event == "DELETED":
                self.objects[kind].pop(key(item), None)
            else:
                self.objects[kind][key(item)] = slim(kind, item)
            self.notify()

    def wrote(self, kind: str, item: Data) -> None:
        """Take what our own write made of an object, unless something newer was seen or it is gone."""
        with self.news:
            known = self.objects[kind].get(key(item))
            if known is not None and resource_version(known) < resource_version(item):
                self.objects[kind][key(item)] = slim(kind, item)

    def notify(self) -> None:
        """Wake whoever waits."""
        self.version += 1
        self.news.notify_all()

    @property
    def complete(self) -> bool:
        """Whether every kind was listed once."""
        return self.objects.keys() >= self.kinds

    def seen(self, after: int, wait_s: float | None) -> tuple[Seen, int]:
        """The cluster and its version, as soon as every kind was listed and it is another version, or the time is over."""
        with self.news:
            self.news.wait_for(lambda: self.complete)
            self.news.wait_for(lambda: self.version > after, wait_s)
            return Seen(objects={kind: tuple(found.values()) for kind, found in self.objects.items()}), self.version


def key(item: Data) -> tuple[str, str]:
    """Namespace and name."""
    return namespace_of(item), name_of(item)


def resource_version(item: Data) -> int:
    """Versions of one kind grow. Source: KEP-5504, comparable resource versions."""
    return int(str(dig(item, "metadata").get("resourceVersion") or 0))


def slim(kind: str, item: Data) -> Data:
    """An object without what nobody asks for: who wrote it, and values of Secrets and ConfigMaps except certificates."""
    metadata = {name: value for name, value in dig(item, "metadata").items() if name != "managedFields"}
    made = {**item, "kind": kind, "metadata": metadata}
    if kind in WITH_VALUES:
        made |= {
            field: {name: value if name == CERTIFICATE else "" for name, value in dig(item, field).items()}
            for field in ("data", "binaryData")
        }
    return made
