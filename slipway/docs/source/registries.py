"""Registries that charts can be published to: what each needs and how each refuses to move a tag, as its documents say.

The page of the site is made from this table, and so are the tests of the client.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The response to a tag that must stay as it is."""

    status: int
    code: str
    message: str
    """With `{tag}` and `{repository}`."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRegistry:
    """One product or service."""

    name: str
    address: str
    """What the `registry` setting looks like."""
    logins: tuple[str, ...]
    """Schemes of its challenge, in its order: `Bearer`, `Basic`."""
    needs: str
    """What has to be there before the first release."""
    immutable: str
    """How its tags become immutable."""
    refusal: Refusal | None = None
    """What it says then; None when no public document has it."""
    redirects: bool = False
    """Content is read from a storage at another host."""
    created_first: bool = False
    """A repository for each chart must be made before the first push."""
    sources: tuple[str, ...]
    """Public documents with these facts."""


REGISTRIES: tuple[KnownRegistry, ...] = (
    KnownRegistry(
        name="CNCF Distribution",
        address="oci://HOST:5000/charts",
        logins=("Basic",),
        needs="`http.relativeurls: true` behind a proxy that ends TLS.",
        immutable="It cannot guard tags; the embedded registry is one, and does.",
        redirects=True,
        sources=("https://distribution.github.io/distribution/about/configuration/",),
    ),
    KnownRegistry(
        name="GitHub (ghcr.io)",
        address="oci://ghcr.io/OWNER/charts",
        logins=("Bearer",),
        needs="A token with `write:packages`. A new package is private, and packages are not listed.",
        immutable="It cannot guard tags.",
        sources=(
            "https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry",
            "https://github.com/oras-project/oras/issues/1128",
        ),
    ),
    KnownRegistry(
        name="Harbor",
        address="oci://HOST/PROJECT",
        logins=("Bearer",),
        needs="The project. The user of a robot account has a dollar sign: quote it in a shell.",
        immutable="A tag immutability rule of the project.",
        refusal=Refusal(
            status=412,
            code="PRECONDITION",
            message="Failed to process request due to '{repository}:{tag}' configured as immutable.",
        ),
        sources=(
            "https://goharbor.io/docs/main/working-with-projects/working-with-images/create-tag-immutability-rules/",
            "https://github.com/goharbor/harbor/issues/18395",
        ),
    ),
    KnownRegistry(
        name="zot",
        address="oci://HOST:5000/charts",
        logins=("Basic",),
        needs="A user with the actions `read` and `create`.",
        immutable="A policy without `update`.",
        refusal=Refusal(status=403, code="DENIED", message="requested access to the resource is denied"),
        sources=("https://zotregistry.dev/latest/articles/immutable-tags/",),
    ),
    KnownRegistry(
        name="Amazon ECR",
        address="oci://ACCOUNT.dkr.ecr.REGION.amazonaws.com/charts",
        logins=("Basic",),
        needs="A repository for each chart, or a creation template. The user is `AWS`; its password is valid for 12 hours.",
        immutable="Tag immutability of the repository.",
        refusal=Refusal(
            status=400,
            code="TAG_INVALID",
            message="The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten "
            "because the repository is immutable.",
        ),
        redirects=True,
        created_first=True,
        sources=(
            "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
            "https://github.com/moby/buildkit/issues/3776",
        ),
    ),
    KnownRegistry(
        name="Azure Container Registry",
        address="oci://NAME.azurecr.io/charts",
        logins=("Bearer", "Basic"),
        needs="A token or service principal with `AcrPush`.",
        immutable="A lock on each tag: `az acr repository update --write-enabled false`.",
        refusal=Refusal(
            status=405,
            code="REGISTRY_DISALLOWED_OPERATION",
            message="The operation is disallowed on this registry, repository or image.",
        ),
        redirects=True,
        sources=(
            "https://learn.microsoft.com/en-us/azure/container-registry/container-registry-image-lock",
            "https://github.com/Azure/azure-sdk-for-net/issues/22827",
        ),
    ),
    KnownRegistry(
        name="GitLab",
        address="oci://HOST/GROUP/PROJECT",
        logins=("Bearer",),
        needs="The project, and a token with `write_registry`. Repositories begin with the project's path.",
        immutable="An immutable tag rule of the project.",
        redirects=True,
        sources=("https://docs.gitlab.com/user/packages/container_registry/immutable_container_tags/",),
    ),
    KnownRegistry(
        name="Quay",
        address="oci://HOST/ORGANIZATION",
        logins=("Bearer",),
        needs="A robot account that may create repositories. A new repository is private.",
        immutable="An immutability policy of the organization or repository.",
        redirects=True,
        sources=(
            "https://docs.redhat.com/en/documentation/red_hat_quay/3/html/red_hat_quay_api_reference/immutability_policy",
        ),
    ),
    KnownRegistry(
        name="Sonatype Nexus",
        address="oci://HOST:PORT/charts",
        logins=("Basic",),
        needs="A hosted repository of the format Docker, on a port or host of its own.",
        immutable="The deployment policy `Disable redeploy`.",
        refusal=Refusal(status=400, code="UNKNOWN", message="Repository does not allow updating assets: charts"),
        sources=(
            "https://help.sonatype.com/en/docker-registry.html",
            "https://support.sonatype.com/hc/en-us/articles/213464668-Troubleshooting-Artifact-Deployment-Failures",
        ),
    ),
    KnownRegistry(
        name="JFrog Artifactory",
        address="oci://HOST/REPOSITORY",
        logins=("Bearer", "Basic"),
        needs="A local repository of the type Helm OCI or Docker.",
        immutable="A user without the permission `Delete/Overwrite`.",
        refusal=Refusal(
            status=403,
            code="MANIFEST_INVALID",
            message="manifest invalid",
            detail="HTTP 403 Forbidden",
        ),
        sources=(
            "https://jfrog.com/help/r/jfrog-artifactory-documentation/helm-oci-repositories",
            "https://github.com/GoogleContainerTools/kaniko/issues/1095",
        ),
    ),
    KnownRegistry(
        name="Gitea, Forgejo",
        address="oci://HOST/OWNER",
        logins=("Bearer",),
        needs="An access token with write access to packages. Tags that differ only in case are one tag.",
        immutable="It cannot guard tags.",
        sources=(
            "https://docs.gitea.com/usage/packages/container",
            "https://forgejo.org/docs/latest/user/packages/container/",
        ),
    ),
    KnownRegistry(
        name="Docker Hub",
        address="oci://docker.io/USER",
        logins=("Bearer",),
        needs="An access token. The address has no folder below the user.",
        immutable="Tag mutability settings of the repository.",
        redirects=True,
        sources=("https://docs.docker.com/docker-hub/repos/manage/hub-images/immutable-tags",),
    ),
)
"""In the order of the page."""
