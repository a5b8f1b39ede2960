"""Archive → registry: upload, tag, read back; never overwrite.

The manifest is byte for byte the one that `TZ=UTC helm push` makes of the same file with its fixed modification time, so
its digest is known before anything is sent and does not depend on who publishes. Content goes first (blobs, then the
manifest by digest), the tag last: a run that is killed leaves nothing that a reader could see, and the next run goes on.

Source: helm v4.3.1 pkg/registry/client.go:650-761, chart.go and pkg/pusher/ocipusher.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.build.archive import read_archive
from slipway.core.errors import AlreadyPublished, Problem, RegistryError, WorkspaceError
from slipway.core.model import Archive, ChartName, Digest, Published
from slipway.registry import adoption
from slipway.registry.client import Registry
from slipway.registry.helm_json import config_of, manifest_bytes
from slipway.registry.manifest import sha256, tag_of
from slipway.util.parallel import each

WRITERS = 4
"""Charts that are published at once."""

Hook = Callable[[str], None]
"""Called after every effect on the registry with its name; from several threads in `publish_all`."""


def no_hook(effect: str) -> None:
    """Does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Everything that is sent for one chart."""

    archive: Archive
    layer: bytes = field(repr=False)
    config: bytes = field(repr=False)
    manifest: bytes = field(repr=False)
    digest: Digest
    """Of the manifest."""


def upload_of(archive: Archive) -> Upload:
    """Read an archive and make its config and manifest.

    Raises:
        WorkspaceError: the file is not the one that was compared with the workspace.
    """
    layer = archive.path.read_bytes()
    if sha256(layer) != archive.content:
        raise WorkspaceError(
            Problem(
                where=str(archive.path),
                fact="changed after it was checked",
                evidence=(f"checked {archive.content}", f"now     {sha256(layer)}"),
                hint="run the command again: it is packed anew",
                rule="package.content",
            )
        )
    config = config_of(archive.metadata)
    manifest = manifest_bytes(archive.metadata, config, layer)
    return Upload(archive=archive, layer=layer, config=config, manifest=manifest, digest=sha256(manifest))


def manifest_of(archive: Archive) -> tuple[bytes, Digest]:
    """The manifest of an archive and its digest; nothing is sent."""
    upload = upload_of(archive)
    return upload.manifest, upload.digest


def publish(registry: Registry, archive: Archive, on_effect: Hook = no_hook) -> Published:
    """Publish one chart, or return what is published with the same content.

    Raises:
        AlreadyPublished: the version exists with other content; nothing was sent, or another publisher was faster.
        RegistryError: the registry cannot be used, or does not return what was sent.
        WorkspaceError: the archive changed after it was checked.
    """
    return publish_all(registry, [[archive]], on_effect)[archive.name]


def publish_all(
    registry: Registry, levels: Sequence[Sequence[Archive]], on_effect: Hook = no_hook
) -> dict[ChartName, Published]:
    """Publish charts, dependencies first: a level begins when the one before it is complete and read back.

    Content is sent for several charts at once, tags are set one after the other and in the order given: of two publishers
    whose charts differ, the first tag that both want decides, and only one goes on.

    Raises:
        AlreadyPublished: versions that exist with other content, every one of them; nothing was sent, or another publisher
            was faster.
        RegistryError: the registry cannot be used, or does not return what was sent.
        WorkspaceError: an archive changed after it was checked.
    """
    archives = [archive for level in levels for archive in level]
    found = registry.published({archive.name: archive.version for archive in archives})
    refuse(registry, archives, found)
    done: dict[ChartName, Published] = {}
    for level in levels:
        for archive in level:
            if (there := found[archive.name]) is not None:
                done[archive.name] = there
        missing = [archive for archive in level if found[archive.name] is None]
        sent = each(lambda archive: send(registry, upload_of(archive), on_effect), missing, WRITERS)
        for upload in sent:
            tag(registry, upload, on_effect)
        read = each(lambda upload: read_back(registry, upload), sent, WRITERS)
        done.update((published.name, published) for published in read)
    return done


def present(registry: Registry, archive: Archive) -> Published | None:
    """What is published under this version; None when it is free.

    Raises:
        AlreadyPublished: it exists with other content.
    """
    found = registry.find(archive.name, archive.version)
    refuse(registry, [archive], {archive.name: found})
    return found


def refuse(registry: Registry, archives: Sequence[Archive], found: Mapping[ChartName, Published | None]) -> None:
    """Stop when a version is taken by other content, whatever its annotation says.

    Raises:
        AlreadyPublished: one problem for each such chart.
    """
    problems = []
    for archive in archives:
        if (there := found[archive.name]) is not None:
            judged = compared(registry, archive, there)
            if not judged.holds(archive.input_digest):
                problems.append(taken(registry, archive, judged))
    if problems:
        raise AlreadyPublished(problems)


def compared(registry: Registry, archive: Archive, there: Published) -> Published:
    """What is published, with the differences from a packed chart; the same manifest is the same bytes."""
    if there.input_digest != archive.input_digest or there.manifest == manifest_of(archive)[1]:
        return there
    return adoption.compare(registry, there, read_archive(archive.path.read_bytes()))


def taken(registry: Registry, archive: Archive, there: Published) -> Problem:
    """The problem of a version that is published with other content."""
    return Problem(
        where=f"{registry.where(archive.name)}:{tag_of(archive.version)}",
        fact=f"version {archive.version} is already published with different content",
        evidence=adoption.evidence(there, archive.input_digest),
        hint=f"./inv version --only {archive.name}",
        rule="release.already-published",
    )


def send(registry: Registry, upload: Upload, on_effect: Hook) -> Upload:
    """Blobs, then the manifest by digest: nothing that a reader of the version could see."""
    archive = upload.archive
    for kind, content in (("config", upload.config), ("chart", upload.layer)):
        if registry.push_blob(archive.name, content):
            on_effect(f"{archive.name} {archive.version}: {kind} blob")
    registry.put_manifest(archive.name, upload.digest, upload.manifest)
    on_effect(f"{archive.name} {archive.version}: manifest")
    return upload


def tag(registry: Registry, upload: Upload, on_effect: Hook) -> None:
    """Set the tag, unless it is there with the same content.

    Raises:
        AlreadyPublished: another publisher tagged other content meanwhile.
        RegistryError: the registry refuses it.
    """
    archive = upload.archive
    # Not every registry has "store unless it exists": look again, so that only an instant remains for another publisher.
    if present(registry, archive) is not None:
        return
    try:
        registry.put_manifest(archive.name, tag_of(archive.version), upload.manifest)
    except (AlreadyPublished, RegistryError):
        # One that has it refuses the tag when another publisher was faster: say what is there now.
        if not taken_meanwhile(registry, archive):
            raise
    else:
        on_effect(f"{archive.name} {archive.version}: tag")


def taken_meanwhile(registry: Registry, archive: Archive) -> bool:
    """Whether another publisher has tagged the same content meanwhile; a registry that fails says no.

    Raises:
        AlreadyPublished: it has tagged other content.
    """
    try:
        return present(registry, archive) is not None
    except RegistryError:
        return False


def read_back(registry: Registry, upload: Upload) -> Published:
    """Compare what the registry now holds with what was sent.

    Raises:
        AlreadyPublished: another publisher tagged other content at the same time.
        RegistryError: something that was sent cannot be read back.
    """
    archive = upload.archive
    there = present(registry, archive)
    if there is None:
        raise RegistryError(
            Problem(
                where=f"{registry.where(archive.name)}:{tag_of(archive.version)}",
                fact="the version was accepted, but cannot be read back",
                evidence=(f"sent {upload.digest}",),
                hint="run the command again; if it stays, look at the registry's log",
            )
        )
    if there.manifest == upload.digest:
        for content in (upload.config, upload.layer):
            registry.blob(archive.name, sha256(content))
    return there
