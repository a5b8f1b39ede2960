"""The tasks: names, flags and help. `slipway/cli/` has a file for each."""

from invoke.context import Context as Invocation
from invoke.tasks import task

from slipway.cli.run import presented

ENV = "environment under values/ (default: the first of [tool.slipway] environments)"
ONLY = "charts, comma separated (default: all that the plan names)"
EVERY = "charts, comma separated (default: every chart)"
ACCEPT = "dangers that you accept by name, comma separated; ./inv diff names them"
JSON = "print JSON"
SARIF = "write all findings to this file as SARIF, for a code host"
WIDE = "print every column in full, however wide the terminal is"


@task(help={"env": ENV, "only": ONLY, "json": JSON, "wide": WIDE})
def plan(_: Invocation, env: str = "", only: str = "", json: bool = False, wide: bool = False) -> None:
    """Show what a release would do, and why; change nothing."""
    with presented(json, wide=wide) as console:
        from slipway.cli.plan import plan as verb

        console.show(verb(console.context, env, only))


@task(
    help={
        "env": ENV,
        "only": ONLY,
        "bump": "raise versions first: patch, minor or major",
        "accept": ACCEPT,
        "dry-run": "show the plan",
        "json": JSON,
    }
)
def release(
    _: Invocation,
    env: str = "",
    only: str = "",
    bump: str = "",
    accept: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Lint, test, package, publish and pin what changed; do nothing when nothing changed."""
    with presented(json) as console:
        from slipway.cli.release import release as verb

        console.show(verb(console.context, env, only, bump, accept=accept, dry_run=dry_run, say=console.say))


@task(help={"only": EVERY, "sarif": SARIF, "json": JSON})
def lint(_: Invocation, only: str = "", sarif: str = "", json: bool = False) -> None:
    """Check the charts with every tool and rule, and show every problem."""
    with presented(json, sarif=sarif) as console:
        from slipway.cli.lint import lint as verb

        console.show(verb(console.context, only))


@task(
    help={
        "only": ONLY,
        "level": "at least patch, minor or major (default: by the evidence)",
        "note": "a line for the changelog",
        "dry-run": "show",
        "json": JSON,
    }
)
def version(
    _: Invocation, only: str = "", level: str = "", note: str = "", dry_run: bool = False, json: bool = False
) -> None:
    """Raise the version of each changed chart and of every dependent; write the changelogs."""
    with presented(json) as console:
        from slipway.cli.version import version as verb

        console.show(verb(console.context, only, level, note, dry_run=dry_run))


@task(
    help={
        "tier": "unit, charts, umbrella, release, docs, lab, node or fork (default: all but lab, node and fork)",
        "lab": "run the tier lab, on a real Kubernetes API and Argo CD",
        "k": "pytest expression that selects tests",
        "update": "rewrite the golden files",
        "coverage": "measure the tiers unit, charts and release, or the one that is named",
        "junit": "write a JUnit file for each tier into this folder",
    }
)
def test(
    _: Invocation,
    tier: str = "",
    update: bool = False,
    k: str = "",
    lab: bool = False,
    coverage: bool = False,
    junit: str = "",
) -> None:
    """Run the tests, fast tiers first; set up what they need."""
    with presented() as console:
        from slipway.cli.test import test as verb

        console.show(verb(console.context, "lab" if lab else tier, k, update=update, measure=coverage, junit=junit))


@task(help={"only": ONLY, "json": JSON})
def package(_: Invocation, only: str = "", json: bool = False) -> None:
    """Stage and pack charts into build/packages, byte-reproducibly."""
    with presented(json) as console:
        from slipway.cli.package import package as verb

        console.show(verb(console.context, only))


@task(help={"only": ONLY, "dry-run": "show the plan", "json": JSON})
def publish(_: Invocation, only: str = "", dry_run: bool = False, json: bool = False) -> None:
    """Check and publish what is not in the registry yet; write no pins."""
    with presented(json) as console:
        from slipway.cli.publish import publish as verb

        console.show(verb(console.context, only, dry_run=dry_run))


@task(
    help={
        "env": ENV,
        "only": "umbrellas to promote (default: all)",
        "accept": ACCEPT,
        "dry-run": "show what would change",
        "json": JSON,
    }
)
def pin(
    _: Invocation, env: str = "", only: str = "", accept: str = "", dry_run: bool = False, json: bool = False
) -> None:
    """Write deploy/<env>: the first environment from the registry, a later one from the environment before it."""
    with presented(json) as console:
        from slipway.cli.pin import pin as verb

        console.show(verb(console.context, env, only, accept=accept, dry_run=dry_run))


@task(
    help={
        "env": "the environment that gets the pins of the one before it (default: the second, if there are two)",
        "only": "umbrellas, comma separated (default: every umbrella)",
        "kubeconfig": "the cluster of the environment before: a kubeconfig file, or lab",
        "status": "the same from a file: kubectl get applications.argoproj.io -n argocd -o json",
        "proven-for": "how long it must have been healthy, such as 12h or 0 (default: 1d)",
        "accept": ACCEPT,
        "dry-run": "show the answers and what it would do",
        "json": JSON,
    }
)
def promote(
    _: Invocation,
    env: str = "",
    only: str = "",
    kubeconfig: str = "",
    status: str = "",
    proven_for: str = "",
    accept: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Pin the next environment, when the one before runs it healthily and the update was rehearsed."""
    with presented(json) as console:
        from slipway.cli.promote import promote as verb

        done = verb(
            console.context,
            env,
            only,
            kubeconfig=kubeconfig,
            status=status,
            proven_for=proven_for,
            accept=accept,
            dry_run=dry_run,
        )
        console.show(done)


@task(
    positional=["umbrella"],
    help={
        "umbrella": "the umbrella, which is the namespace",
        "env": ENV,
        "to": "version (default: the pin before the present one)",
        "server": "ask an API server too: lab, or a kubeconfig file",
        "accept": ACCEPT,
        "dry-run": "show what it would do",
        "json": JSON,
    },
)
def rollback(
    _: Invocation,
    umbrella: str,
    env: str = "",
    to: str = "",
    server: str = "",
    accept: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Pin what an environment ran before: the earlier version of an umbrella, with what going back endangers."""
    with presented(json) as console:
        from slipway.cli.rollback import rollback as verb

        console.show(verb(console.context, umbrella, env, to, server=server, accept=accept, dry_run=dry_run))


@task(
    positional=["action", "folder"],
    help={
        "action": "write: copy umbrellas and signatures into a folder; load: into the registry, and pin them",
        "folder": "the bundle: a folder",
        "env": ENV,
        "images": "copy the images too",
        "mirror": "path of the images in the registry (default: mirror)",
        "accept": ACCEPT,
        "json": JSON,
    },
)
def bundle(
    _: Invocation,
    action: str,
    folder: str,
    env: str = "",
    images: bool = False,
    mirror: str = "",
    accept: str = "",
    json: bool = False,
) -> None:
    """Carry an environment to a network without the internet: an OCI layout with umbrellas, signatures and images."""
    with presented(json) as console:
        from slipway.cli.bundle import bundle as verb

        console.show(verb(console.context, action, folder, env=env, images=images, mirror=mirror, accept=accept))


@task(help={"only": EVERY, "json": JSON, "wide": WIDE})
def status(_: Invocation, only: str = "", json: bool = False, wide: bool = False) -> None:
    """Show each chart here, in the registry and in every environment."""
    with presented(json, wide=wide) as console:
        from slipway.cli.status import status as verb

        console.show(verb(console.context, only))


@task(help={"env": ENV, "only": "charts, comma separated (default: every umbrella)", "json": JSON})
def rehearse(_: Invocation, env: str = "", only: str = "", json: bool = False) -> None:
    """Rehearse the update and its rollback on a real API server: what restarts, what is pruned, what is rejected."""
    with presented(json) as console:
        from slipway.cli.rehearse import rehearse as verb

        console.show(verb(console.context, env, only))


@task(
    help={
        "env": "environment under values/ (default: every one; with --server the first)",
        "only": "charts, comma separated; their umbrellas are compared (default: every umbrella)",
        "base": "compare with a git revision instead of the registry",
        "server": "dry run on an API server as well: `lab`, or a kubeconfig file",
        "full": "list every object of an umbrella that is not pinned yet",
        "sarif": SARIF,
        "json": JSON,
    }
)
def diff(
    _: Invocation,
    env: str = "",
    only: str = "",
    base: str = "",
    server: str = "",
    full: bool = False,
    sarif: str = "",
    json: bool = False,
) -> None:
    """Show how the rendered objects change: published → working tree, or --base REVISION → working tree."""
    with presented(json, sarif=sarif) as console:
        from slipway.cli.diff import diff as verb

        console.show(verb(console.context, env, only, base, server, full=full))


@task(positional=["chart"], help={"chart": "name of the chart", "json": JSON})
def explain(_: Invocation, chart: str, json: bool = False) -> None:
    """Say why a chart is in the plan, or is not: the chain of reasons and what changed."""
    with presented(json) as console:
        from slipway.cli.explain import explain as verb

        console.show(verb(console.context, chart))


@task(
    help={
        "answers": "YAML file of answers, in place of the terminal; what it leaves out stays as it is",
        "env": "the environment (default: the first of the answer `environments`)",
        "dry-run": "show what would be written; change nothing",
        "json": JSON,
    }
)
def configure(_: Invocation, answers: str = "", env: str = "", dry_run: bool = False, json: bool = False) -> None:
    """Ask what only you know of your home, check each answer, and write values/<env>/ and the settings."""
    with presented(json) as console:
        from slipway.cli import configure as verbs

        terminal = verbs.terminal()
        console.show(verbs.configure(console.context, answers, env, dry_run=dry_run, terminal=terminal))


@task(
    help={
        "env": ENV,
        "kubeconfig": "the cluster (default: KUBECONFIG, or ~/.kube/config)",
        "dry-run": "show what would be applied; change nothing",
        "json": JSON,
    }
)
def bootstrap(_: Invocation, env: str = "", kubeconfig: str = "", dry_run: bool = False, json: bool = False) -> None:
    """Install Argo CD in a bare cluster and hand it deploy/<env>; from then on it manages itself."""
    with presented(json) as console:
        from slipway.cli.bootstrap import bootstrap as verb

        console.show(verb(console.context, env, kubeconfig, dry_run=dry_run))


@task(
    positional=[],
    help={
        "env": ENV,
        "kubeconfig": "the cluster (default: KUBECONFIG, or ~/.kube/config)",
        "yes": "commit and push what it wrote without asking",
        "wait": "minutes for the Applications to become Healthy (default: 45)",
        "dry-run": "show every step, its state and what it would do; change nothing",
        "json": JSON,
        "wide": WIDE,
    },
)
def up(
    _: Invocation,
    env: str = "",
    kubeconfig: str = "",
    yes: bool = False,
    wait: str = "",
    dry_run: bool = False,
    json: bool = False,
    wide: bool = False,
) -> None:
    """Bring an environment up from whatever state there is: secrets, release, push, bootstrap, until all is Healthy."""
    with presented(json, wide=wide) as console:
        from slipway.cli.up import up as verb

        console.show(verb(console.context, env, kubeconfig, yes=yes, dry_run=dry_run, wait=wait, say=console.say))


@task(
    help={
        "env": ENV,
        "only": EVERY,
        "kubeconfig": "a cluster, to show the last backup and the last drill of each",
        "json": JSON,
        "wide": WIDE,
    }
)
def backups(
    _: Invocation, env: str = "", only: str = "", kubeconfig: str = "", json: bool = False, wide: bool = False
) -> None:
    """List everything that holds data, and how and when it is backed up, or why it is not."""
    with presented(json, wide=wide) as console:
        from slipway.cli.backups import backups as verb

        console.show(verb(console.context, env, only, kubeconfig))


@task(
    positional=["service"],
    help={
        "service": "a service, or the alias of its database",
        "env": ENV,
        "snapshot": "ID of a restic snapshot (default: the latest)",
        "kubeconfig": "the cluster (default: KUBECONFIG, or ~/.kube/config)",
        "apply": "run the steps; without it they are only shown",
    },
)
def restore(
    _: Invocation, service: str, env: str = "", snapshot: str = "", kubeconfig: str = "", apply: bool = False
) -> None:
    """Show the steps that restore a service from a backup; run them with --apply."""
    with presented() as console:
        from slipway.cli.restore import restore as verb

        console.show(verb(console.context, service, env, snapshot, kubeconfig, apply=apply))


@task(
    positional=["service"],
    help={
        "service": "a service, or the alias of its database",
        "env": ENV,
        "kubeconfig": "the cluster (default: KUBECONFIG, or ~/.kube/config)",
        "json": JSON,
    },
)
def drill(_: Invocation, service: str, env: str = "", kubeconfig: str = "", json: bool = False) -> None:
    """Restore the newest backup of a service into volumes that are thrown away, and check it; on its cluster."""
    with presented(json) as console:
        from slipway.cli.drill import drill as verb

        console.show(verb(console.context, service, env, kubeconfig))


@task(help={"out": "new file outside of the checkout for the private key", "json": JSON})
def keys(_: Invocation, out: str = "", json: bool = False) -> None:
    """Make the key pair that signs what is published: the private key outside of the checkout, the public key in it."""
    with presented(json) as console:
        from slipway.cli.keys import keys as verb

        console.show(verb(console.context, out))


@task(help={"env": "environment under values/ (default: every one that has pins)", "json": JSON, "wide": WIDE})
def verify(_: Invocation, env: str = "", json: bool = False, wide: bool = False) -> None:
    """Verify every pin: its signature, its digest in the registry, and that its source builds the same bytes."""
    with presented(json, wide=wide) as console:
        from slipway.cli.verify import verify as verb

        console.show(verb(console.context, env))


@task(positional=["action"], help={"action": "start, stop, status or list", "json": JSON, "wide": WIDE})
def registry(_: Invocation, action: str, json: bool = False, wide: bool = False) -> None:
    """Run the embedded registry: start, stop, status, list."""
    with presented(json, wide=wide) as console:
        from slipway.cli.registry import registry as verb

        console.show(verb(console.context, action))


@task(
    positional=["action"],
    help={
        "action": "up, status, logs, kubectl or down",
        "what": "a component, for logs",
        "name": "which lab (default: default); several run side by side",
        "real": "for up: components that run as real programs instead of being simulated, comma separated",
        "node": "for up: a real node with containers and network policies; Linux, root",
        "secrets": "for up: create the secrets that nobody sealed, with random values",
        "env": ENV,
        "json": JSON,
    },
)
def lab(
    invocation: Invocation,
    action: str,
    what: str = "",
    name: str = "",
    env: str = "",
    real: str = "",
    node: bool = False,
    secrets: bool = True,
    json: bool = False,
) -> None:
    """Run a Kubernetes API and Argo CD on this machine, and deploy the working tree to them."""
    with presented(json) as console:
        from slipway.cli.lab import lab as verb

        rest = invocation.remainder
        console.show(
            verb(
                console.context,
                action,
                what=what,
                name=name,
                env=env,
                real=real,
                node=node,
                secrets=secrets,
                rest=rest,
            )
        )


@task(
    positional=["service"],
    help={
        "service": "name of the chart",
        "umbrella": "umbrella that it is added to",
        "image": "repository:tag or repository:tag@sha256:…",
        "port": "port of its web interface",
        "health": "path that returns 200 when it is ready",
        "data": "volumes as /path:size, comma separated",
        "app-version": "version of the application (default: the image's tag)",
        "description": "one line for Chart.yaml",
    },
)
def new(
    _: Invocation,
    service: str,
    umbrella: str,
    image: str,
    port: str,
    health: str = "/",
    data: str = "",
    app_version: str = "",
    description: str = "",
) -> None:
    """Scaffold a chart that passes lint and test, and add it to its umbrella."""
    with presented() as console:
        from slipway.cli.new import new as verb

        facts = {"service": service, "umbrella": umbrella, "image": image, "port": port, "health": health, "data": data}
        console.show(verb(console.context, {**facts, "app_version": app_version, "description": description}))


@task(
    positional=["service"],
    help={"service": "a service, or the alias of its database", "dry-run": "show what would be removed", "json": JSON},
)
def remove(_: Invocation, service: str, dry_run: bool = False, json: bool = False) -> None:
    """Remove a service from its umbrella and from the values; say what data of it stays."""
    with presented(json) as console:
        from slipway.cli.remove import remove as verb

        console.show(verb(console.context, service, dry_run=dry_run))


@task(
    positional=[],
    help={
        "to": "a release or branch of the remote upstream (default: its newest release)",
        "dry-run": "show what is new and what there would be to decide; change nothing",
        "undo": "go back to where the last upgrade began",
        "json": JSON,
    },
)
def upgrade(_: Invocation, to: str = "", dry_run: bool = False, undo: bool = False, json: bool = False) -> None:
    """Take a newer release of the platform into this fork: merge, generate, raise versions, lint, commit."""
    with presented(json) as console:
        from slipway.cli.upgrade import upgrade as verb

        console.show(verb(console.context, to, dry_run=dry_run, undo=undo))


@task(help={"json": JSON, "wide": WIDE})
def doctor(_: Invocation, json: bool = False, wide: bool = False) -> None:
    """Show each tool, its version and its source, and the command that installs what is missing."""
    with presented(json, wide=wide) as console:
        from slipway.cli.doctor import doctor as verb

        console.show(verb(console.context))


@task(positional=["action"], help={"action": "build, serve, generate, or examples"})
def docs(_: Invocation, action: str) -> None:
    """Build or serve the site; generate the READMEs of the charts and the schemas for editors; list the commands of pages that the tests run."""
    with presented() as console:
        from slipway.cli.docs import docs as verb

        console.show(verb(console.context, action))


@task(help={"quick": "fewer and smaller monorepos", "json": JSON})
def bench(_: Invocation, quick: bool = False, json: bool = False) -> None:
    """Measure the release against the loop that a user would write instead."""
    with presented(json) as console:
        from slipway.cli.bench import bench as verb

        console.show(verb(console.context, quick=quick))


@task(help={"upgrade": "take newer versions than the locked ones"})
def lock(_: Invocation, upgrade: bool = False) -> None:
    """Resolve the Python dependencies again and write locks/ with every version and hash."""
    with presented() as console:
        from slipway.cli.lock import lock as verb

        console.show(verb(console.context, upgrade=upgrade))


@task(help={"check": "fail when a file differs, and write nothing"})
def crds(_: Invocation, check: bool = False) -> None:
    """Generate the custom resource definitions from the upstream Go types."""
    with presented() as console:
        from slipway.cli.crds import crds as verb

        console.show(verb(console.context, check=check))


@task(
    help={
        "env": ENV,
        "only": EVERY,
        "check": "fail when a required secret is missing",
        "json": JSON,
        "wide": WIDE,
    },
)
def secrets(
    _: Invocation, env: str = "", only: str = "", check: bool = False, json: bool = False, wide: bool = False
) -> None:
    """List every secret that an environment requires: who provides it, who reads it, and the command for what is missing."""
    with presented(json, wide=wide) as console:
        from slipway.cli.secrets import secrets as verb

        console.show(verb(console.context, env, only, check=check))


@task(
    positional=[],
    iterable=["key", "from_file", "generate", "label"],
    help={
        "env": ENV,
        "namespace": "namespace of the secret",
        "name": "its name",
        "key": "ask for a key's value without echo, or read one from standard input; may be repeated",
        "from-file": "KEY=PATH: read a key's value from a file, `-` for standard input; may be repeated",
        "generate": "KEY or KEY:LENGTH: generate a value of 32, or LENGTH, hexadecimal digits; KEY:rsa: a private key; may be repeated",
        "label": "NAME=VALUE: a label of the secret; may be repeated",
        "type": "type of the secret (default: Opaque)",
        "scope": "strict, namespace-wide or cluster-wide",
        "fetch-cert": "fetch the certificate from the running controller",
        "new-key": "generate a key for a cluster that does not exist yet",
        "missing": "seal every secret that is missing: generate what can be, ask for the rest on the terminal",
        "dry-run": "for --missing: show what would be generated and asked for",
        "out": "new file outside of the checkout for the private key of --new-key",
        "kubeconfig": "the cluster of --fetch-cert (default: KUBECONFIG, or ~/.kube/config)",
        "json": JSON,
    },
)
def seal(
    _: Invocation,
    key: list[str],
    from_file: list[str],
    generate: list[str],
    label: list[str],
    env: str = "",
    namespace: str = "",
    name: str = "",
    type: str = "",
    scope: str = "strict",
    fetch_cert: bool = False,
    new_key: bool = False,
    missing: bool = False,
    dry_run: bool = False,
    out: str = "",
    kubeconfig: str = "",
    json: bool = False,
) -> None:
    """Seal a secret for git, offline; its value comes from a prompt, standard input or a file, never from an argument."""
    with presented(json) as console:
        from slipway.cli import seal as verbs
        from slipway.cli.seal_missing import check_flags

        one = {"--namespace": namespace, "--name": name, "--key": key, "--from-file": from_file}
        given = {**one, "--generate": generate, "--label": label, "--type": type}
        check_flags(missing=missing, dry_run=dry_run, given=given)
        if new_key:
            done = verbs.new_key(console.context, env, out)
        elif fetch_cert:
            done = verbs.fetch_certificate(console.context, env, kubeconfig)
        elif missing:
            from slipway.cli.seal_missing import seal_missing

            done = seal_missing(console.context, env, dry_run=dry_run, say=console.say)
        else:
            done = verbs.seal(
                console.context,
                env,
                namespace=namespace,
                name=name,
                key=key,
                from_file=from_file,
                generate=generate,
                label=label,
                type=type,
                scope=scope,
            )
        console.show(done)


@task(help={"check": "fail when a file differs, and write nothing"})
def dashboards(_: Invocation, check: bool = False) -> None:
    """Generate Grafana's dashboards from the package dashboards and the runbooks."""
    with presented() as console:
        from slipway.cli.dashboards import dashboards as verb

        console.show(verb(console.context, check=check))


PURPOSES = {
    "Before a release": ("plan", "explain", "diff", "rehearse", "status"),
    "Release": (
        "release",
        "version",
        "package",
        "publish",
        "pin",
        "promote",
        "rollback",
        "verify",
        "keys",
        "registry",
        "bundle",
    ),
    "Run the platform": (
        "configure",
        "up",
        "bootstrap",
        "upgrade",
        "secrets",
        "seal",
        "backups",
        "drill",
        "restore",
        "doctor",
    ),
    "Check": ("lint", "test", "bench"),
    "Develop": ("new", "remove", "lab", "docs", "dashboards", "crds", "lock"),
}
"""What people want → the tasks for it, as `./inv` lists them."""
