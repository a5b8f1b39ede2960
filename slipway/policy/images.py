"""Images wherever an object names one: containers, arguments, variables, config files and fields of other kinds. Pure.

A program that starts pods is told their images in a text, where neither the API server nor a look at containers sees
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, containers, documents_in
from slipway.util.mapping import dig, listing, strings

PINNED_IMAGE = re.compile(r"[^@\s]+:(?!latest@)[^:@/\s]+@sha256:[0-9a-f]{64}")

IMAGE = re.compile(
    r"(?:[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/)?[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@sha256:[0-9a-f]{64})?"
)
"""A reference to an image. Source: github.com/distribution/reference, regexp.go."""
FILE = re.compile(r"\.(?:avif|gif|ico|jpe?g|png|svg|webp)$")

NAMED = re.compile(r"(?:.*[a-z_-])?image(?:[_-]?(?:name|ref|reference))?", re.IGNORECASE)
"""A key, variable or flag whose value is an image."""
FLAG = re.compile(r"--?(?P<name>[A-Za-z0-9_.-]+)(?:=(?P<value>.*))?", re.DOTALL)
DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image, and where an object names it."""

    place: str
    """The container, variable, flag or file; an exception names it."""
    reference: str

    @property
    def pinned(self) -> bool:
        """Whether it has a tag and a digest."""
        return PINNED_IMAGE.fullmatch(self.reference) is not None


def images_in(item: Object) -> Iterator[Image]:
    """Every image that an object names, in containers and beside them."""
    if item.kind in POD_TEMPLATE_PATHS:
        template = dig(item.data, *POD_TEMPLATE_PATHS[item.kind])
        for container in containers(template):
            yield Image(place=str(container.get("name")), reference=str(container.get("image")))
    yield from images_beside_containers(item)


def images_beside_containers(item: Object) -> Iterator[Image]:
    """The images that are no container's: in arguments, variables, config files and fields of other kinds."""
    if item.kind in POD_TEMPLATE_PATHS:
        template = dig(item.data, *POD_TEMPLATE_PATHS[item.kind])
        for container in containers(template):
            yield from in_arguments([*strings(container, "command"), *strings(container, "args")])
            yield from in_variables(container)
        for volume in listing(dig(template, "spec"), "volumes"):
            if reference := dig(volume, "image").get("reference"):
                yield Image(place=str(volume.get("name")), reference=str(reference))
    elif item.kind in {"ConfigMap", "Secret"}:
        for name, text in {**dig(item.data, "data"), **dig(item.data, "stringData")}.items():
            yield from (Image(place=str(name), reference=found) for found in references_in(str(text)))
            if NAMED.fullmatch(str(name)) and looks_like(str(text)):
                yield Image(place=str(name), reference=str(text))
    elif item.kind != DEFINITION:
        yield from (Image(place=item.name, reference=found) for found in fields(item.data))


def in_arguments(arguments: list[str]) -> Iterator[Image]:
    """The images of flags: `--image=NAME`, or `--image NAME`."""
    for argument, following in zip(arguments, [*arguments, ""][1:], strict=True):
        match = FLAG.fullmatch(argument)
        if match and NAMED.fullmatch(match["name"]):
            value = following if match["value"] is None else match["value"]
            if looks_like(value):
                yield Image(place=match["name"], reference=value)


def in_variables(container: Mapping[str, object]) -> Iterator[Image]:
    """The images of variables."""
    for variable in listing(container, "env"):
        name, value = str(variable.get("name")), str(variable.get("value", ""))
        if NAMED.fullmatch(name) and looks_like(value):
            yield Image(place=name, reference=value)


@cache
def references_in(text: str) -> tuple[str, ...]:
    """The images among the fields of a text that is YAML or JSON. Several rules ask, and dashboards are large."""
    return tuple(found for document in documents_in(text) for found in fields(document))


def fields(node: object, key: str = "") -> Iterator[str]:
    """The images among the fields below a node."""
    if type(node) is dict or isinstance(node, Mapping):
        if isinstance(node.get("repository"), str) and NAMED.fullmatch(key):
            yield joined(node)
        for name, value in node.items():
            yield from fields(value, str(name))
    elif isinstance(node, list):
        for entry in node:
            yield from fields(entry, key)
    elif isinstance(node, str) and NAMED.fullmatch(key) and looks_like(node):
        yield node


def joined(parts: Mapping[str, object]) -> str:
    """An image whose repository, tag and digest are fields."""
    tag, digest = parts.get("tag"), parts.get("digest")
    return f"{parts['repository']}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"


def looks_like(text: str) -> bool:
    """Whether a text is an image rather than a number, a path or an address: it has a tag, a digest or a repository."""
    return bool(IMAGE.fullmatch(text)) and bool(re.search(r"[:/@]", text)) and not FILE.search(text)
