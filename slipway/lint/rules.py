"""Every rule that a `Problem` can name, except the contract's; the site's page of rules is made from this table."""

from __future__ import annotations

from slipway.core.rules import Rule
from slipway.lint import checks
from slipway.secrets.producers import PRODUCER
from slipway.secrets.sealed_secret import SEALED_FILE
from slipway.secrets.waiting import WAITING

OTHER_RULES: dict[str, str] = {
    # files
    "yaml.syntax": "A file is YAML.",
    "file.encoding": "Every text and every file name is UTF-8, and no name has a control character.",
    "file.unreadable": "Every file can be read.",
    "file.kind": "Every file is a regular file, and no named pipe or device.",
    "file.link": "No file is a symbolic link.",
    "file.size": "No file has more than 5 MiB, which is what Helm reads.",
    "yaml.duplicate-key": "A mapping has no duplicate key; YAML would silently keep the last one.",
    "yaml.key": "A key is text that every reader of YAML takes for the same text.",
    "yaml.number": "A number is one that Helm holds exactly: an integer up to 2^53, and no infinity.",
    "yaml.tag": "A file of YAML has no tags; readers treat them differently.",
    "yaml.aliases": "Aliases and merge keys stand for a bounded number of values.",
    "yaml.size": "A file of YAML has at most 1 MiB.",
    "yaml.mapping": "A values file or Chart.yaml is a mapping.",
    # Chart.yaml
    "chart.none": "There is at least one chart.",
    "chart.missing": "A folder under charts/ or umbrella/ has a Chart.yaml.",
    "chart.api-version": "apiVersion is v2.",
    "chart.name": "The name is a string, and a DNS label of at most 53 characters.",
    "chart.name-folder": "A chart has the name of its folder.",
    "chart.duplicate-name": "No two charts share a name, since they would share a repository.",
    "chart.version": "The version is MAJOR.MINOR.PATCH.",
    "chart.version-build": "The version has no build metadata: an OCI tag cannot contain `+`.",
    "chart.app-version": "appVersion is a string, not the number that YAML makes of 1.10.",
    "chart.schema": "A service has a values.schema.json.",
    "chart.unexpected-file": "A chart folder contains only files that are packaged or known.",
    "chart.hidden-file": "No packaged folder has a hidden file.",
    "chart.annotation": "An annotation is text.",
    "chart.symlink": "A package contains no symbolic link.",
    "chart.dependencies": "dependencies is a list.",
    "chart.nested": "No chart is inside of another chart's folder.",
    "workspace.unread-file": "Something reads every file below charts/, umbrella/ and values/.",
    # dependencies and graph
    "dependency.fields": "A dependency has a name, a version and a repository.",
    "dependency.twice": "A chart lists each dependency once.",
    "dependency.unknown": "A dependency is a chart of this repository.",
    "dependency.vendored": "A dependency is a chart of this repository, or charts/ of its chart has one archive of it.",
    "dependency.kind": "Services vendor the library, umbrellas vendor services.",
    "dependency.repository": "A dependency's repository is its folder.",
    "dependency.version": "A dependency has the exact version of the chart in this repository.",
    "dependency.condition": "A member of an umbrella has a condition, so that values can disable it.",
    "graph.cycle": "The dependencies have no cycle.",
    "umbrella.library-version": "All members of an umbrella vendor one version of the library.",
    "umbrella.annotation": "The annotations of an umbrella that describe its namespace match their schema.",
    # environments
    "environment.platform": "An environment has a platform.yaml.",
    "environment.unknown-namespace": "A values file of an environment belongs to an umbrella.",
    # schemas
    "schema.json": "A schema is JSON.",
    # values
    "values.global": "Only platform.yaml sets `global`.",
    # packages and renders
    "package.helm": "helm packages the chart.",
    "package.content": "The package has exactly the files of the chart, its environments and what it vendors.",
    "render.template": "The chart renders with its defaults, with each ci values file and in each environment.",
    "render.schema": "The values of each of these renders pass the schema in Helm.",
    # other commands
    "version.level": "A version is raised by at least the level that the change requires.",
    "edit.refused": "Chart.yaml has a form that can be edited without losing comments.",
    "new.fact": "The flags of `new` are valid.",
    "docs.readme": "A chart's README.md is generated from its files and up to date.",
    "docs.task": "A page names existing tasks and flags.",
    "docs.path": "A page names existing files of the repository.",
    "docs.example": "YAML, TOML, JSON and Python on a page can be parsed.",
    "docs.run": "A test runs the console blocks of a page, or the block states why not.",
    "docs.image": "An image on a page has an alternative text.",
    "crds.drift": "Generated custom resource definitions are up to date with their modules.",
    "dashboards.drift": "Grafana's dashboards are up to date with their sources and the runbooks.",
    "git.repository": "The checkout is a git repository, where a command compares revisions.",
    "git.ownership": "The checkout belongs to the user who runs the command.",
    "git.revision": "A revision on the command line exists.",
    "secret.missing": "With `./inv secrets --check`: each required secret is sealed for the environment, or created by an object.",
    # release
    "release.already-published": "The content of a published version never changes.",
    "release.moved-tag": "A pinned version has the manifest in the registry that the pin names.",
    "release.version-order": "A version is higher than every published one.",
    "verify.signature": "With signing, what is pinned is signed by the key of the repository.",
    "verify.missing": "The registry has the manifest that a pin names.",
    "verify.name": "The manifest that a pin names is that of its umbrella and version.",
    "verify.moved": "The version of a pin names the same manifest in the registry.",
    "verify.rebuild": "The source of a pin is packed to what is pinned.",
}
"""Rules of packages below or above this one: identifier → meaning."""

RULES: dict[str, str] = OTHER_RULES | {
    rule.identifier: rule.meaning for rule in (*checks.declared(Rule), SEALED_FILE, PRODUCER, WAITING)
}
"""Identifier → meaning. The rules of the contract are in `slipway.policy`."""
