"""Edits of values files at any depth: what is asked for, and nothing else."""

import pytest

from slipway.core.errors import WorkspaceError
from slipway.util import yaml
from slipway.workspace.value_edits import with_modeline, with_value, without_marked, without_value

TEXT = b"""\
# Facts.
domain: example.org # ours
lan: {cidr: 10.0.0.0/8, gateway: 10.0.0.1}
backup:
  # Nightly.
  enabled: true

sonarr:
  persistence:
    config: {size: 5Gi}
  files:
    text: |
      one
      two
"""


def edited(path: str, value: object, comment: str = "") -> str:
    return with_value(TEXT, tuple(path.split(".")), value, "x.yaml", comment=comment).decode()


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("domain", "home.example.com", "example.org", "home.example.com"),
        ("lan.cidr", "192.168.1.0/24", "10.0.0.0/8", '"192.168.1.0/24"'),
        ("lan.dns", "10.0.0.2", "10.0.0.1}", "10.0.0.1, dns: 10.0.0.2}"),
        ("backup.enabled", False, "enabled: true", "enabled: false"),
        ("backup.ports", [443, 8000], "enabled: true", "enabled: true\n  ports: [443, 8000]"),
        ("sonarr.persistence.data.size", "1Ti", "{size: 5Gi}", "{size: 5Gi}\n    data:\n      size: 1Ti"),
        ("sonarr.enabled", False, "      two\n", "      two\n  enabled: false\n"),
        ("timezone", "no", "      two\n", "      two\ntimezone: 'no'\n"),
        (
            "storage.class",
            "local-path-{{ .Release.Namespace }}",
            "      two\n",
            "      two\nstorage:\n  class: local-path-{{ .Release.Namespace }}\n",
        ),
    ],
)
def test_a_value_is_set_and_every_other_byte_stays(path: str, value: object, old: str, new: str) -> None:
    after = edited(path, value)

    assert after == TEXT.decode().replace(old, new, 1)
    assert with_value(after.encode(), tuple(path.split(".")), value, "x.yaml").decode() == after


def test_a_block_of_text_is_replaced_at_its_place() -> None:
    after = edited("sonarr.files.text", "three\n")

    assert after == TEXT.decode().replace("      one\n      two\n", "      three\n")


def test_a_new_key_has_its_comment_above_it() -> None:
    assert edited("timezone", "Etc/UTC", "Of every container.").endswith("# Of every container.\ntimezone: Etc/UTC\n")


def test_the_first_value_of_an_empty_file_is_a_nested_key() -> None:
    assert with_value(b"# Ours.\n", ("sonarr", "enabled"), False, "x.yaml") == b"# Ours.\nsonarr:\n  enabled: false\n"


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("domain", "domain: example.org # ours\n"),
        ("backup.enabled", "backup:\n  # Nightly.\n  enabled: true\n"),
        ("lan.cidr", "cidr: 10.0.0.0/8, "),
        ("lan.gateway", ", gateway: 10.0.0.1"),
        ("sonarr.persistence.config.size", "  persistence:\n    config: {size: 5Gi}\n"),
    ],
)
def test_a_value_goes_with_the_mappings_that_would_be_empty(path: str, gone: str) -> None:
    after = without_value(TEXT, tuple(path.split(".")), "x.yaml")

    assert after.decode() == TEXT.decode().replace(gone, "")
    assert without_value(after, tuple(path.split(".")), "x.yaml") == after


def test_a_value_that_is_no_mapping_has_no_keys() -> None:
    with pytest.raises(WorkspaceError, match="cannot be edited"):
        with_value(TEXT, ("domain", "name"), "x", "x.yaml")


def test_an_alias_is_not_edited() -> None:
    with pytest.raises(WorkspaceError, match="cannot be edited"):
        with_value(b"a: &one x\nb: *one\n", ("b",), "y", "x.yaml")


def test_marked_lines_go() -> None:
    assert (
        without_marked(b"a: 1\nb: 2 # graphics\nc: 3 # graphics too\n", "# graphics") == b"a: 1\nc: 3 # graphics too\n"
    )


def test_a_modeline_is_written_once_and_a_person_s_own_one_stays() -> None:
    once = with_modeline(b"# Facts.\na: 1\n", "../x.json")

    assert once == b"# yaml-language-server: $schema=../x.json\n# Facts.\na: 1\n"
    assert with_modeline(once, "../other.json") == once
    assert yaml.parse(once, "x").mapping == {"a": 1}
