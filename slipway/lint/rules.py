"""Every rule that a Problem can name, with one line of meaning; the site's page of rules is made from this table."""

from __future__ import annotations

RULES: dict[str, str] = {
    # files
    "yaml.syntax": "A file is YAML.",
    "yaml.duplicate-key": "No key stands twice in a mapping; YAML would keep the last one in silence.",
    "yaml.mapping": "A values file or Chart.yaml is a mapping.",
    "yaml.style": "yamllint finds nothing, with the settings of .ct/lintconf.yaml.",
    # Chart.yaml
    "chart.none": "There is at least one chart.",
    "chart.missing": "A folder under charts/ or umbrella/ has a Chart.yaml.",
    "chart.fields": "Chart.yaml has the fields of .ct/chart_schema.yaml and no other.",
    "chart.api-version": "apiVersion is v2.",
    "chart.name": "The name is text, and a DNS label of at most 53 characters.",
    "chart.name-folder": "A chart is called like its folder.",
    "chart.duplicate-name": "No two charts share a name, since they would share a repository.",
    "chart.version": "The version is MAJOR.MINOR.PATCH.",
    "chart.version-build": "The version has no build metadata: `+` cannot stand in an OCI tag.",
    "chart.app-version": "appVersion is text, not what YAML makes of 1.10.",
    "chart.schema": "A service has a values.schema.json.",
    "chart.unexpected-file": "Nothing lies in a chart folder that is neither packaged nor known.",
    "chart.notes": "notes.md has the sections Gotchas and Upgrades, one of them or both, in this order, each a list.",
    "chart.symlink": "Nothing that is packaged is a symbolic link.",
    "chart.dependencies": "dependencies is a list.",
    # dependencies and graph
    "dependency.fields": "A dependency has a name, a version and a repository.",
    "dependency.twice": "A chart has each dependency once.",
    "dependency.unknown": "A dependency is a chart of this repository.",
    "dependency.kind": "Services vendor the library, umbrellas vendor services.",
    "dependency.repository": "A dependency points at its folder.",
    "dependency.version": "A dependency has the exact version that lies in the repository.",
    "dependency.condition": "A member of an umbrella can be switched off.",
    "graph.cycle": "The dependencies have no circle.",
    "umbrella.library-version": "All members of an umbrella vendor one version of the library.",
    # environments
    "environment.platform": "An environment has a platform.yaml.",
    "environment.unknown-namespace": "A values file of an environment belongs to an umbrella.",
    # schemas
    "schema.json": "A schema is JSON.",
    "schema.draft": "A schema is a valid draft-07 schema and says so.",
    "schema.reference": "A $ref leads to something.",
    "schema.open": "An object schema that lists properties refuses all others.",
    # values
    "values.global": "Only platform.yaml sets `global`.",
    "values.unknown-key": "A key is one that the schema, or the values below, know.",
    "values.schema": "A value is what the schema asks for.",
    "values.no-change": "An override changes something.",
    "values.cidr": "A network is a network, without host bits.",
    "values.address-outside-pool": "An address that a Service asks for is in a pool of its environment.",
    "values.address-pool": "The address pool lies in the home network.",
    "values.storage-class": "A storage class has a name that Kubernetes admits.",
    "values.duplicate-host": "Within an environment a host and path belong to one route.",
    # members of an umbrella
    "wiring.database": "An account, an edge or a host names a database that a member of the umbrella makes for its reader.",
    "wiring.member": "What members of an umbrella say of each other names a member.",
    # backups
    "backup.missing": "Every volume and database has a copy, or a reason why it needs none.",
    "backup.unknown": "A backup entry is about a volume or database that holds data.",
    # templates
    "template.forbidden": "Templates render the same everywhere: no lookup, no random values, no clock, no question to a cluster.",
    "template.define": "Services and umbrellas define no templates: an umbrella has one space of names for all of them.",
    "template.define-prefix": "The library's templates are called common.…",
    "template.define-twice": "A template is defined once.",
    # secrets
    "secret.key": "No private key lies in the sources or in a package.",
    "secret.token": "No token of a well-known form lies in the sources or in a package.",
    "secret.value": "A password-like key has no literal value.",
    "secret.manifest": "A Secret has no data in the sources.",
    "secret.reason": "An exception from the search for secrets says why.",
    "secret.producer": "A secret that is read is declared or made by an object, and its declared producer makes it, alone.",
    "sealed.file": "A file below sealed/ is a SealedSecret with nothing in the open, at its namespace and name.",
    # helm, ct and kubeconform
    "package.helm": "helm packages the chart.",
    "package.size": "A package fits into the Secret that Helm would keep it in.",
    "helm.lint": "helm lint --strict finds nothing.",
    "ct.lint": "ct lint finds nothing.",
    "render.template": "The chart renders with its defaults, with each ci values file and in each environment.",
    "render.schema": "Helm accepts the values of each of these renders.",
    "object.schema": "A rendered object is what the Kubernetes API, or a custom resource definition, admits.",
    "object.unknown-kind": "The kind of every rendered object has a schema.",
    "upgrade.immutable": "A field that Kubernetes cannot change stays as it was published, unless the major version rises.",
    # other commands
    "version.level": "A version rises by at least what the change needs.",
    "edit.refused": "Chart.yaml is written so that a program can edit it and keep its comments.",
    "new.fact": "What `new` is told about a service can be used.",
    "docs.readme": "A chart's README.md is what its files say.",
    "docs.task": "A page names tasks that exist, with flags that they have.",
    "docs.path": "A page names files of the repository that are there.",
    "docs.example": "YAML, TOML, JSON and Python that a page shows can be parsed.",
    "docs.run": "What a page shows of a terminal is run by a test, or says why it cannot be.",
    "docs.image": "A picture on a page has a text.",
    "crds.drift": "Generated definitions of custom resources are what their modules give.",
    "dashboards.drift": "Grafana's dashboards are what their pages and the runbooks give.",
    "git.repository": "The checkout is a git repository, where a command compares with a revision.",
    "git.ownership": "The checkout belongs to the user who runs the command.",
    "git.revision": "A revision that a command is told exists.",
    "secret.missing": "With `./inv secrets --check`: what something needs is sealed for the environment, or made by an object.",
    # release
    "release.already-published": "A published version keeps its content for ever.",
}
"""Rule → what it demands. The rules of the contract are in `slipway.contract`."""
