"""Charts → objects, as Argo CD would render them, and what differs between two renders.

`Renderer` asks helm for all renders at once, and keeps each result under build/cache by everything that it depends on.
Everything else here is pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from slipway.build.builder import Builder, Built
from slipway.build.documents import SOURCE, SPLIT, data_of
from slipway.core.errors import Problem, ToolFailed
from slipway.core.model import holds_data
from slipway.tools.helm import Helm, template_args
from slipway.util import cache, yaml

FORCED_VERSION = "0.0.0"
"""Chart version in normalised objects, so that a release alone changes none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One rendered Kubernetes object."""

    api_version: str
    kind: str
    namespace: str
    """Empty when the object names none."""
    name: str
    data: Mapping[str, object] = field(repr=False)
    text: str = field(default="", repr=False, compare=False)
    """The document as helm wrote it."""
    source: str = field(default="", repr=False, compare=False)
    """The template that made it, as helm names it: `htpc/charts/sonarr/templates/all.yaml`."""

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.name}"

    @property
    def group(self) -> str:
        """API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two objects the same one for the API server."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def holds_data(self) -> bool:
        """Whether deleting it deletes data."""
        return holds_data(self.api_version, self.kind)

    @property
    def labels(self) -> Mapping[str, str]:
        """metadata.labels."""
        return text_map(self.at("metadata", "labels"))

    @property
    def annotations(self) -> Mapping[str, str]:
        """metadata.annotations."""
        return text_map(self.at("metadata", "annotations"))

    def at(self, *path: str) -> object:
        """The value at a path, or None."""
        value: object = self.data
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def text_map(value: object) -> dict[str, str]:
    """A mapping with text on both sides; empty for anything else."""
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One render: which chart, under which name, with which values."""

    chart: Path
    """A staged folder or an archive."""
    digest: str
    """Stands for the content of `chart`."""
    release: str
    namespace: str
    values: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()
    """`key=value`, as `--set` takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The result of a request: objects, or helm's error."""

    request: Request
    objects: tuple[Object, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """helm template, with its results kept."""

    helm: Helm
    helm_version: str
    kube_version: str
    folder: Path
    """Of the cache: build/cache/render."""

    def render_all(self, requests: Sequence[Request]) -> list[Rendered]:
        """Every request, in the order given; helm's refusals are results too.

        Raises:
            ToolMissing: helm is not there.
            ToolFailed: a render did not end.
        """
        kept = cache.Cache(folder=self.folder)
        keys = [self.key(request) for request in requests]
        texts = {key: text for key in dict.fromkeys(keys) if (text := kept.get(key)) is not None}
        errors: dict[str, str] = {}
        todo = {key: request for key, request in zip(keys, requests, strict=True) if key not in texts}
        for key, done in zip(todo, self.helm.each([self.arguments(each) for each in todo.values()]), strict=True):
            if done.code:
                errors[key] = done.stderr.strip() or f"exit code {done.code}"
            else:
                texts[key] = done.stdout
                kept.put(key, done.stdout)
        return [
            Rendered(request=request, error=errors[key]) if key in errors else read(request, texts[key])
            for key, request in zip(keys, requests, strict=True)
        ]

    def render(self, request: Request) -> Rendered:
        """One request.

        Raises:
            ToolMissing: helm is not there.
            ToolFailed: it did not end.
        """
        return self.render_all([request])[0]

    def arguments(self, request: Request) -> tuple[str, ...]:
        """The arguments of helm."""
        return template_args(
            request.chart,
            release=request.release,
            namespace=request.namespace,
            kube_version=self.kube_version,
            values=request.values,
            settings=request.settings,
        )

    def inputs(self, request: Request) -> tuple[str | bytes, ...]:
        """Everything that the result depends on: helm's version and arguments, with contents in place of paths."""
        placed = replace(request, chart=Path(), values=tuple(Path(str(i)) for i in range(len(request.values))))
        contents = (path.read_bytes() for path in request.values)
        return (self.helm_version, *self.arguments(placed), request.digest, *contents)

    def key(self, request: Request) -> str:
        """The name of the result in the cache."""
        return cache.key_of(*self.inputs(request))


def read(request: Request, text: str) -> Rendered:
    """What helm rendered."""
    try:
        return Rendered(request=request, objects=parse(text))
    except yaml.NotYaml as error:
        return Rendered(request=request, error=f"the output is not YAML: {error}")


def renderer_of(builder: Builder, *, helm_version: str, kube_version: str) -> Renderer:
    """A renderer that keeps its results below a builder's folder."""
    folder = kept_below(builder.folder)
    return Renderer(helm=builder.helm, helm_version=helm_version, kube_version=kube_version, folder=folder)


def kept_below(build: Path) -> Path:
    """Where results are kept."""
    return build / "cache" / "render"


def render(
    renderer: Renderer, built: Built, *, release: str, namespace: str, values: Sequence[Path] = ()
) -> tuple[Object, ...]:
    """The objects of a built chart.

    Raises:
        ToolFailed: helm refuses to render it.
        ToolMissing: helm is not there.
    """
    request = Request(
        chart=built.folder,
        digest=built.archive.input_digest,
        release=release,
        namespace=namespace,
        values=tuple(values),
    )
    done = renderer.render(request)
    if done.error:
        raise ToolFailed(
            Problem(where=built.chart.folder, fact="cannot be rendered", evidence=tuple(done.error.splitlines()[-10:]))
        )
    return done.objects


def parse(text: str) -> tuple[Object, ...]:
    """helm's output → objects, in its order.

    helm names the file before each document of a template, but only once before a whole file of definitions.

    Raises:
        NotYaml: a document is not YAML, or readers take it for different things.
    """
    objects = []
    source = ""
    for document in SPLIT.split(text):
        if found := SOURCE.search(document):
            source = found.group(1)
        if (made := _object(document, source)) is not None:
            objects.append(made)
    return tuple(objects)


def _object(document: str, source: str) -> Object | None:
    data = data_of(document)
    if not isinstance(data, dict):
        return None
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return Object(
        api_version=str(data.get("apiVersion", "")),
        kind=str(data.get("kind", "")),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
        data=data,
        text=document.strip("\n") + "\n",
        source=source,
    )


def normalise(item: Object) -> dict[str, object]:
    """An object without what changes by itself: nulls, the order of keys, checksums, the chart's version."""
    made = _normal(item.data)
    assert isinstance(made, dict)
    return made


def _normal(value: object, key: str = "") -> object:
    if isinstance(value, Mapping):
        return {name: _normal(value[name], str(name)) for name in sorted(value, key=str) if value[name] is not None}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if key.startswith("checksum/"):
        return "<checksum>"
    if key == "helm.sh/chart" and isinstance(value, str):
        return re.sub(r"-\d+\.\d+\.\d+.*$", f"-{FORCED_VERSION}", value)
    return value


class ChangeKind(StrEnum):
    """What happened to an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object that differs."""

    kind: ChangeKind
    object: str
    """Kind and name."""
    text: str = field(repr=False)
    """Unified diff of its YAML."""
    holds_data: bool = False


def diff(old: Iterable[Object], new: Iterable[Object]) -> tuple[Change, ...]:
    """The objects that were added, removed or changed, by identity."""
    before = {item.identity: item for item in old}
    after = {item.identity: item for item in new}
    return tuple(
        change
        for identity in sorted({*before, *after}, key=lambda key: (key[1], key[3], key))
        if (change := _change(before.get(identity), after.get(identity))) is not None
    )


def _change(old: Object | None, new: Object | None) -> Change | None:
    shown = old or new
    assert shown is not None
    before = "" if old is None else yaml.text_of(normalise(old))
    after = "" if new is None else yaml.text_of(normalise(new))
    if before == after:
        return None
    kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), shown.title, shown.title, lineterm="")
    return Change(kind=kind, object=shown.title, text="\n".join(lines), holds_data=shown.holds_data)
