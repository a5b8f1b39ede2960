"""The start page as gethomepage.dev's discovery in a cluster computes it from routes. Pure: rendered objects in, tiles out.

Source: gethomepage.dev, Kubernetes: Automatic Service Discovery; IngressRoutes without a link are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.util.mapping import dig, listing

BASE = "gethomepage.dev/"
VARIABLE = re.compile(r"{{(HOMEPAGE_(?:VAR|FILE)_[^{}]+)}}")


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What the page shows for one route."""

    group: str
    name: str
    href: str
    icon: str
    description: str
    app: str
    """Label `app.kubernetes.io/name` of the pods whose state is shown."""
    namespace: str
    widget: Mapping[str, str]

    @property
    def variables(self) -> frozenset[str]:
        """Variables of the page that the widget is filled in from."""
        return frozenset(name for text in self.widget.values() for name in VARIABLE.findall(text))


def discover(objects: Iterable[Object]) -> tuple[Tile, ...]:
    """The tiles, in the order of the routes."""
    found = []
    for item in objects:
        annotations = dig(item.data, "metadata", "annotations")
        if item.kind not in {"Ingress", "IngressRoute"} or annotations.get(f"{BASE}enabled") != "true":
            continue
        if item.kind == "IngressRoute" and not annotations.get(f"{BASE}href"):
            continue

        def text(key: str, default: str = "", annotations: Mapping[str, object] = annotations) -> str:
            return str(annotations.get(BASE + key) or default)

        found.append(
            Tile(
                group=text("group", "Kubernetes"),
                name=text("name", item.name),
                href=text("href", f"https://{next(iter(hosts(item)), '')}"),
                icon=text("icon"),
                description=text("description"),
                app=text("app", item.name),
                namespace=item.namespace or "",
                widget={
                    key.removeprefix(f"{BASE}widget."): str(value)
                    for key, value in annotations.items()
                    if key.startswith(f"{BASE}widget.")
                },
            )
        )
    return tuple(found)


def hosts(route: Object) -> frozenset[str]:
    """Hosts that a route answers for."""
    if route.kind == "Ingress":
        return frozenset(str(rule.get("host")) for rule in listing(dig(route.data, "spec"), "rules"))
    rules = listing(dig(route.data, "spec"), "routes")
    return frozenset(host for rule in rules for host in re.findall(r"Host\(`([^`]+)`\)", str(rule.get("match"))))
