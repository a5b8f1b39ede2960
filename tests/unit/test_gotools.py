"""What is known about the programs: how they are built, and how their versions are read."""

from pathlib import Path

import pytest

from slipway.toolchain.catalogue import TOOLS
from slipway.toolchain.gotool import build_argv, required, version_in


def test_every_program_is_stamped_with_its_own_version() -> None:
    argv = build_argv(Path("/go"), [(TOOLS["helm"], "v1.2.3"), (TOOLS["ct"], "v4.5.6")], Path("/out"))

    assert argv == (
        *("/go", "build", "-v", "-trimpath"),
        "-ldflags=helm.sh/helm/v4/cmd/helm=-s -w -X helm.sh/helm/v4/internal/version.version=v1.2.3",
        "-ldflags=github.com/helm/chart-testing/v3/ct=-s -w -X github.com/helm/chart-testing/v3/ct/cmd.Version=v4.5.6",
        *("-o", "/out/", "helm.sh/helm/v4/cmd/helm", "github.com/helm/chart-testing/v3/ct"),
    )


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v4.3.1", "v4.3.1"),
        ("Version:\t v3.14.0\nGit commit:\t unknown\n", "v3.14.0"),
        ("registry github.com/distribution/distribution/v3 v3.1.2\n", "v3.1.2"),
        ("go version go1.27.3 linux/amd64", "v1.27.3"),
        ("v4.3.1+g1a2b3c", "v4.3.1"),
        ("v4.4.0-rc.1", "v4.4.0-rc.1"),
        ("uv 0.13.9 (x86_64-unknown-linux-gnu)", "v0.13.9"),
        ("nothing", ""),
    ],
)
def test_a_version_is_found_in_what_programs_say(text: str, version: str) -> None:
    assert version_in(text) == version


def test_requirements_are_read_from_both_forms_of_go_mod() -> None:
    text = "module m\n\ngo 1.27.0\n\nrequire a.b/c v1.0.0\n\nrequire (\n\td.e/f v2.0.0 // indirect\n)\n\nreplace x => ./y\n"

    assert required(text) == {"a.b/c": "v1.0.0", "d.e/f": "v2.0.0"}
