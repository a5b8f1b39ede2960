"""The real external-dns with our settings, rights and token: which names it writes into which zone, and which it leaves."""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping

import pytest

from slipway.build.render import Object
from slipway.gitops import applications
from slipway.lab.real.assemble import NEIGHBOUR, STRANGER
from slipway.util.mapping import dig, listing
from testing.cloudflare import Record
from testing.reality import DNS_TOKEN, ENVIRONMENT, OTHER_ZONE, TARGET, Reality, zone_of

HTTP = 7979
ANNOTATION = "external-dns.kubernetes.io/target"
HOST = re.compile(r"Host\(`([^`]+)`\)")
Publish = Callable[[Mapping[str, str]], None]


def txt(host: str, owner: str, route: str) -> Record:
    """What says whose a record is."""
    content = f'"heritage=external-dns,external-dns/owner={owner},external-dns/resource={route}"'
    return Record(name=f"k8s.cname-{host}", type="TXT", content=content)


def cname(host: str, target: str = TARGET) -> Record:
    """A host that is reached where another name is."""
    return Record(name=host, type="CNAME", content=target)


@pytest.fixture(scope="module")
def publish(real: Reality) -> Iterator[Publish]:
    """Make routes, by their host and what DNS shall answer, and wait until a round has seen them all."""
    rounds = itertools.count()

    def make(targets: Mapping[str, str]) -> None:
        # The API server tells of it last, so who has written it knows the others.
        last = f"round-{next(rounds)}.{real.domain}"
        real.kubectl.apply(
            applications.documents(route(*item) for item in {**targets, last: TARGET}.items()), manager="tests"
        )
        real.until(lambda: cname(last) in real.dns.of(last), real.log("external-dns")[-3000:])

    yield make
    real.kubectl("delete", "ingressroutes", "-n", "htpc", "-l", "tests=names")


def hosts_of(item: Object) -> list[str]:
    """The hosts of a route; none when it is something else."""
    rules = listing(dig(item.data, "spec"), "routes") if item.kind == "IngressRoute" else ()
    return [host for rule in rules for host in HOST.findall(str(rule["match"]))]


def route(host: str, target: str) -> dict[str, object]:
    """A route of the tests' own."""
    rule = {
        "kind": "Rule",
        "match": f"Host(`{host}`)",
        "services": [{"kind": "Service", "name": "jellyfin", "port": "http"}],
    }
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {
            "name": host,
            "namespace": "htpc",
            "labels": {"tests": "names"},
            "annotations": {ANNOTATION: target},
        },
        "spec": {"ingressClassName": "traefik", "entryPoints": ["websecure"], "routes": [rule]},
    }


def test_an_external_host_gets_a_record_and_one_that_says_whose_it_is(real: Reality) -> None:
    host = f"jellyfin.{real.domain}"

    real.until(lambda: len(real.dns.of(host)) > 1, real.log("external-dns")[-3000:])

    owner = txt(host, f"homelab-{ENVIRONMENT}", "ingressroute/htpc/jellyfin")
    assert real.dns.of(host) == sorted([cname(host), owner])


def test_an_internal_host_gets_none(real: Reality, publish: Publish) -> None:
    internal = {host for item in real.objects if ANNOTATION not in item.annotations for host in hosts_of(item)}
    assert f"sonarr.{real.domain}" in internal

    publish({})

    assert [record for host in internal for record in real.dns.of(host)] == []


def test_records_of_another_environment_or_of_nobody_stay_as_they_are(real: Reality, publish: Publish) -> None:
    taken, manual = f"taken.{real.domain}", f"manual.{real.domain}"
    there = [cname(taken, "elsewhere.example.net"), txt(taken, "homelab-other", "ingressroute/htpc/taken")]
    real.dns.add(zone_of(real.domain), *there, cname(manual, "by-hand.example.net"))

    publish({taken: TARGET, manual: TARGET})

    assert real.dns.of(taken) == sorted(there)
    assert real.dns.of(manual) == [cname(manual, "by-hand.example.net")]


def test_a_record_follows_its_route_and_is_left_when_the_route_goes(real: Reality, publish: Publish) -> None:
    host = f"moved.{real.domain}"
    publish({host: "first.example.net"})
    publish({host: "second.example.net"})
    assert cname(host, "second.example.net") in real.dns.of(host)
    assert cname(host, "first.example.net") not in real.dns.of(host)

    real.kubectl("delete", "ingressroute", host, "-n", "htpc")
    publish({})

    assert cname(host, "second.example.net") in real.dns.of(host)
    assert real.dns.deleted == [cname(host, "first.example.net")]


def test_an_address_of_the_home_network_is_not_published(real: Reality, publish: Publish) -> None:
    inside, outside = f"inside.{real.domain}", f"outside.{real.domain}"

    publish({inside: NEIGHBOUR, outside: STRANGER})

    assert Record(name=outside, type="A", content=STRANGER) in real.dns.of(outside)
    assert real.dns.of(inside) == []


def test_other_domains_and_other_zones_are_left_alone(real: Reality, publish: Publish) -> None:
    sibling, other = f"sibling.{zone_of(real.domain)}", f"www.{OTHER_ZONE}"

    publish({sibling: TARGET, other: TARGET})

    assert real.dns.of(sibling) + real.dns.of(other) == []
    assert not [asked for asked in real.dns.server.requests if f"/zones/{OTHER_ZONE}/" in asked]


def test_it_shows_the_token_of_the_secret(real: Reality) -> None:
    assert {seen.headers["authorization"] for seen in real.dns.server.seen} == {f"Bearer {DNS_TOKEN}"}


def test_its_probe_and_its_metrics_are_answered(real: Reality) -> None:
    port, path = real.bodies["external-dns"].pod.probe

    assert (real.ask("external-dns", port, path).status, port) == (200, HTTP)
    assert real.metrics("external-dns", HTTP)


def test_nothing_is_forbidden_to_it(real: Reality) -> None:
    log = real.log("external-dns")

    assert "forbidden" not in log
    assert [line for line in log.splitlines() if line.startswith("{") and json.loads(line)["level"] != "info"] == []
