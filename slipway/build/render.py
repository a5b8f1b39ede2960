"""Charts → objects, as Argo CD would render them.

`Renderer` asks helm for all renders at once, and keeps each result under build/cache by everything that it depends on.
Everything else here is pure.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slipway.build.builder import Builder, Built
from slipway.build.documents import SOURCE, SPLIT, data_of
from slipway.core.errors import Problem, ToolFailed
from slipway.core.model import holds_data
from slipway.tools.helm import Call, Helm, template_args
from slipway.tools.run import Completed
from slipway.util import cache, yaml

KEPT = 512
"""Renders in memory: lint, contract and difference look at the same ones."""


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
        todo = {key: request for key, request in zip(keys, requests, strict=True) if key not in texts}
        done = dict(zip(todo, self.asked(list(todo.values())), strict=True))
        errors = {key: made.stderr.strip() or f"exit code {made.code}" for key, made in done.items() if made.code}
        texts |= {key: made.stdout for key, made in done.items() if not made.code}
        return [
            Rendered(request=request, error=errors[key]) if key in errors else read(request, texts[key])
            for key, request in zip(keys, requests, strict=True)
        ]

    def ahead(self, requests: Sequence[Request], others: Sequence[Call]) -> list[Completed]:
        """Keep the renders that will be asked for, and make other calls of helm in the same processes.

        Returns:
            How the other calls ended.

        Raises:
            ToolMissing: helm is not there.
            ToolFailed: a call did not end.
        """
        kept = cache.Cache(folder=self.folder)
        return self.asked([each for each in requests if kept.get(self.key(each)) is None], others)[: len(others)]

    def asked(self, requests: Sequence[Request], others: Sequence[Call] = ()) -> list[Completed]:
        """helm's answers to other calls, then to renders; those are kept, and parsed while helm goes on."""
        kept = cache.Cache(folder=self.folder)
        renders = {self.arguments(request): self.key(request) for request in requests}

        def keep(call: Call, done: Completed) -> None:
            if call in renders and not done.code:
                kept.put(renders[call], done.stdout)
                with contextlib.suppress(yaml.NotYaml):  # who asks for it will see
                    parse(done.stdout)

        return self.helm.each([*others, *(self.arguments(request) for request in requests)], keep)

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


@functools.lru_cache(maxsize=KEPT)
def parse(text: str) -> tuple[Object, ...]:
    """helm's output → objects, in its order; shared, so nobody changes them.

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
