"""Cloudflare's API as far as external-dns asks it: its zones, and records that are listed and changed in batches."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from testing.faulty import Answer, Seen, Server, serving

ROOT = "/client/v4/"
"""Root of the API, as at Cloudflare."""
RECORDS = re.compile(r"zones/([^/]+)/dns_records(/batch)?")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Record:
    """A DNS record."""

    name: str
    type: str
    content: str


@dataclass(kw_only=True)
class Cloudflare:
    """An account; another token is refused."""

    token: str
    records: dict[str, dict[str, Record]]
    """Zone → its records by their id."""
    deleted: list[Record] = field(default_factory=list)
    server: Server = field(init=False)
    ids: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """Host and port."""
        return self.server.address

    def add(self, zone: str, *records: Record) -> None:
        """Write records by hand."""
        self.records[zone] |= {f"{zone}-{next(self.ids)}": record for record in records}

    def of(self, name: str) -> list[Record]:
        """Every record whose name ends like this, in order."""
        with self.lock:
            return sorted(one for zone in self.records.values() for one in zone.values() if one.name.endswith(name))

    def respond(self, asked: Seen) -> Answer:
        """The answer to a request."""
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return refusal(403, "Invalid access token")
        url = urlsplit(asked.path)
        path, page = url.path.removeprefix(ROOT), parse_qs(url.query).get("page", ["1"])
        found = RECORDS.fullmatch(path)
        with self.lock:
            if (asked.method, path) == ("GET", "zones"):
                return listed({"id": name, "name": name} for name in self.records if page == ["1"])
            if found is None or found[1] not in self.records:
                return refusal(404, f"{asked.method} {path} is not known here")
            zone = self.records[found[1]]
            if asked.method == "GET" and not found[2]:
                return listed(as_data(key, record) for key, record in zone.items() if page == ["1"])
            if asked.method == "POST" and found[2]:
                return self.change(found[1], json.loads(asked.body))
            return refusal(405, f"{asked.method} {path} is not known here")

    def change(self, zone: str, batch: Mapping[str, list[Mapping[str, str]]]) -> Answer:
        """Delete, change and make records, in this order."""
        records = self.records[zone]
        gone = [records.pop(item["id"]) for item in batch.get("deletes", [])]
        self.deleted += gone
        for item in batch.get("puts", []):
            records[item["id"]] = record_of(item)
        self.add(zone, *(record_of(item) for item in batch.get("posts", [])))
        return answer({"success": True, "errors": [], "result": {}})


def record_of(data: Mapping[str, str]) -> Record:
    """A record of a request."""
    return Record(name=data["name"], type=data["type"], content=data["content"])


def as_data(key: str, record: Record) -> dict[str, object]:
    """A record as the API returns it."""
    data = {"id": key, "name": record.name, "type": record.type, "content": record.content}
    return {**data, "ttl": 1, "proxied": False}


def listed(items: Iterable[Mapping[str, object]]) -> Answer:
    """A page."""
    return answer({"success": True, "errors": [], "result": list(items)})


def refusal(status: int, why: str) -> Answer:
    """An error, in Cloudflare's form."""
    return answer({"success": False, "errors": [{"code": 10000, "message": why}], "result": None}, status)


def answer(data: Mapping[str, object], status: int = 200) -> Answer:
    """An answer with JSON."""
    return Answer(status=status, body=json.dumps(data).encode(), headers={"Content-Type": "application/json"})


@contextmanager
def cloudflare(token: str, *zones: str) -> Iterator[Cloudflare]:
    """An account with empty zones, for the time of a block."""
    made = Cloudflare(token=token, records={zone: {} for zone in zones})
    with serving(made.respond) as made.server:
        yield made
