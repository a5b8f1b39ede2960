"""The host keys with which Argo CD verifies git servers that it reaches by ssh."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.build.cases import DEFAULTS
from slipway.util.mapping import dig
from testing.rendering import Repository

pytestmark = pytest.mark.helm

PUBLISHED = {
    ("bitbucket.org", "ecdsa-sha2-nistp256"): "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
    ("bitbucket.org", "ssh-ed25519"): "ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
    ("codeberg.org", "ecdsa-sha2-nistp256"): "T9FYDEHELhVkulEKKwge5aVhVTbqCW0MIRwAfpARs/E",
    ("codeberg.org", "ssh-ed25519"): "mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
    ("github.com", "ecdsa-sha2-nistp256"): "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    ("github.com", "ssh-ed25519"): "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    ("gitlab.com", "ecdsa-sha2-nistp256"): "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
    ("gitlab.com", "ssh-ed25519"): "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
    ("ssh.dev.azure.com", "ssh-rsa"): "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
    ("vs-ssh.visualstudio.com", "ssh-rsa"): "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
}
"""Host and key type → SHA256 fingerprint, as GitHub, GitLab, Atlassian, Codeberg and Microsoft publish them."""


def known_hosts(repository: Repository, values: tuple[Path, ...] = ()) -> dict[tuple[str, str], str]:
    """Host and key type → fingerprint, of the file that Argo CD reads."""
    case = repository.case("argocd", DEFAULTS)
    done = repository.renderer.render(replace(case.request, values=values))
    assert not done.error, done.error
    (item,) = (item for item in done.objects if item.title == "ConfigMap argocd-ssh-known-hosts-cm")
    found = {}
    for line in str(dig(item.data, "data")["ssh_known_hosts"]).splitlines():
        hosts, kind, text = line.split()
        key = base64.b64decode(text, validate=True)
        # A key begins with its own type, after the four bytes of its length.
        assert key[4:].startswith(kind.encode())
        for host in hosts.split(","):
            found[host, kind] = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    return found


def test_the_host_keys_are_those_that_the_servers_publish(repository: Repository) -> None:
    assert known_hosts(repository) == PUBLISHED


def test_the_key_of_an_own_server_is_added_and_a_server_can_be_left_out(repository: Repository, tmp_path: Path) -> None:
    key = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + bytes(36)).decode()
    values = tmp_path / "values.yaml"
    files = f"{{git.home.example.org: git.home.example.org ssh-ed25519 {key}, codeberg.org: null}}"
    values.write_text(f"argocd: {{config: {{ssh-known-hosts-cm: {{files: {files}}}}}}}\n", encoding="utf-8")

    found = known_hosts(repository, (values,))

    assert ("git.home.example.org", "ssh-ed25519") in found
    assert {host for host, _ in found} == {host for host, _ in PUBLISHED} - {"codeberg.org"} | {"git.home.example.org"}
