"""How the library is written: small, without leftovers, and without anything that a second render would change."""

import re
from collections import Counter

import pytest

from slipway.lint.templates import FUNCTIONS
from slipway.util import yaml
from testing.workspaces import ROOT

LIBRARY = ROOT / "charts" / "common"
TEMPLATES = {
    path.relative_to(LIBRARY / "templates").as_posix(): path.read_text()
    for path in sorted((LIBRARY / "templates").rglob("*.tpl"))
}
CODE = {path: re.sub(r"{{-? ?/\*.*?\*/ ?-?}}", "", text, flags=re.DOTALL) for path, text in TEMPLATES.items()}
DEFINES = [(path, name) for path, text in CODE.items() for name in re.findall(r'define "([^"]+)"', text)]

FOR_CHARTS = {
    "global.environment": "told to applications and shown to people",
    "global.domain": "the parent of every route's host",
    "global.addressPool": "for MetalLB",
    "global.ingressAddress": "for Traefik",
    "global.tls.issuer": "for certificates",
    "global.sso.host": "for the identity provider and its clients",
}
"""Facts that the library holds for charts, and reads none of itself."""


def leaves(node, path=""):
    """Dotted paths of everything in a document that is not a map."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path


def test_every_define_is_there_once():
    assert [name for name, times in Counter(name for _, name in DEFINES).items() if times > 1] == []


def test_every_define_is_used():
    text = "".join(CODE.values())
    used = set(re.findall(r'"(common\.[A-Za-z.]+)"', re.sub(r'define "[^"]+"', "", text)))

    assert {name for _, name in DEFINES} - used == {"common.all"}


def test_everything_that_is_included_is_defined():
    included = {name for text in CODE.values() for name in re.findall(r'include "([^"]+)"', text)}

    assert included <= {name for _, name in DEFINES}


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_define_begins_with_the_name_that_its_path_gives(path):
    *folders, file = path.split("/")
    name = ".".join(("common", *folders, file.removeprefix("_").removesuffix(".tpl")))
    found = [define for where, define in DEFINES if where == path]

    assert found
    assert [define for define in found if define != name and not define.startswith(f"{name}.")] == []


def test_the_rules_of_an_entry_are_in_the_file_of_its_schema():
    schemas = {path.stem for path in (LIBRARY / "schemas").glob("*.json")}
    rules = {path.removeprefix("validate/_").removesuffix(".tpl") for path in TEMPLATES if path.startswith("validate/")}

    assert rules <= schemas


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_define_is_explained(path):
    text = TEMPLATES[path]
    for where, name in DEFINES:
        if where == path:
            (header,) = re.findall(rf"{{{{- /\*\s*{re.escape(name)}: (.*?)\*/ -}}}}", text, flags=re.DOTALL)
            assert "Input:" in header, name
            assert "Output:" in header or name.startswith("common.validate."), name


def test_every_default_of_the_library_is_used():
    values = yaml.parse((LIBRARY / "values.yaml").read_bytes(), "values.yaml").mapping
    words = set(re.findall(r"[\w-]+", " ".join(CODE.values())))
    # These are merged below a chart's own, or looked up by a name that the chart gives.
    merged = ("controller.", "pod.", "container.", "gpus.", "global.peers.", "backup.resources.")

    unused = {leaf for leaf in leaves(values) if leaf.rpartition(".")[2] not in words and not leaf.startswith(merged)}
    assert unused <= set(FOR_CHARTS)


def test_the_facts_for_charts_are_facts_that_the_library_has():
    values = yaml.parse((LIBRARY / "values.yaml").read_bytes(), "values.yaml").mapping

    assert set(FOR_CHARTS) <= set(leaves(values))


def test_the_namespace_is_named_in_one_place():
    assert [path for path, text in CODE.items() for _ in re.findall(r"\.Release\.Namespace", text)] == ["_names.tpl"]


def test_nothing_asks_the_cluster_the_clock_or_chance():
    text = "\n".join(CODE.values())

    assert [word for word in FUNCTIONS if re.search(rf"(?<![\w.$]){word}\b", text)] == []
    assert ".Release.IsUpgrade" not in text
    assert ".Capabilities" not in text


def test_only_one_place_fills_in_templates():
    # tpl copies every template of the umbrella: it is called only for texts that need it.
    assert [path for path, text in CODE.items() for _ in re.findall(r"\btpl ", text)] == ["_render.tpl"]


def test_rules_across_fields_are_in_two_places():
    # What must be true of the values, and what a name must be.
    places = {path for path, text in CODE.items() if re.search(r"\bfail ", text)}
    assert {path for path in places if not path.startswith("validate/")} == {"_names.tpl"}


def test_no_two_rules_have_the_same_message():
    rules = [rule for text in CODE.values() for rule in re.findall(r'fail \(printf "((?:[^"\\]|\\.)*)"', text)]
    facts = Counter(re.sub(r"^(%s: )+", "", rule).partition(";")[0] for rule in rules)

    assert [fact for fact, times in facts.items() if times > 1] == []


def test_every_rule_is_quoted_by_a_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests/charts/common").glob("test_*.py"))
    rules = [rule for text in CODE.values() for rule in re.findall(r'fail \(printf "((?:[^"\\]|\\.)*)"', text)]
    assert rules
    for rule in rules:
        longest = max(re.split(r"%[sdq]|\\", rule), key=len).strip()
        words = longest.split("; ")[0].strip(" :;,")
        assert words in re.sub(r'["\']\s*\n\s*f?["\']', "", tests), rule


def test_the_library_stays_small():
    lines = {path: len(text.splitlines()) for path, text in TEMPLATES.items()}

    assert sum(lines.values()) <= 2900
    assert {path: number for path, number in lines.items() if number > 190} == {}
