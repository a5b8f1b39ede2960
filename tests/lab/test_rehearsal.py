"""`rehearse` and the server's view of `diff`: what an update would do, told by the API server before it is done."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.cluster.rehearsal import Action
from slipway.core.model import ChartName
from slipway.gitops.pins import current_pins
from slipway.lab import lab, rehearse
from slipway.lab.place import Place
from slipway.lab.rehearse import Rehearsal, RehearsedObject
from slipway.release import diff
from slipway.release.rehearsed import was_rehearsed
from testing import cluster
from testing.cluster import MakePlatform, Platform

DEPLOYMENT = """\
extraObjects:
  plain:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: plain}}
    spec:
      selector: {{matchLabels: {{app: {app}}}}}
      template:
        metadata: {{labels: {{app: {app}}}}}
        spec:
          securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
          containers:
            - name: app
              image: registry.example.org/plain:1
              securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
persistence:
"""
CLAIMS = """\
  store:
    type: StatefulSet
    volumeClaims:
      data: {{size: {size}, mounts: {{app: [{{path: /data}}]}}}}
    containers:
      app:
        image: {{repository: registry.example.org/store, tag: 1.0.0}}
        resources: {{requests: {{cpu: 10m, memory: 16Mi}}, limits: {{memory: 32Mi}}}}
service:
  trial-claims:
    controller: trial-claims
"""
THING = """\
extraObjects:
  thing:
    apiVersion: trial.example.org/v1
    kind: Thing
    metadata: {name: thing}
    spec: {size: 3}
persistence:
"""

SECRET = "          PASSWORD: {secret: trial-login, key: password}"
"""A secret that nobody provides: an update is rehearsed all the same."""
DECLARED = "secrets: {trial-login: {keys: [password], purpose: a test}}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An edit of one service, and what the API server must say to it."""

    place: str
    """What stands in the values of a service."""
    before: str
    """What is there instead when it is published."""
    after: str
    """What is there in the working tree."""
    object: str
    action: Action = Action.REJECTED
    words: str


CHANGES = {
    "value": Change(
        place="GREETING: hello", before=f"GREETING: hello\n{SECRET}", after=f"GREETING: moin\n{SECRET}",
        object="Deployment trial-value",
        action=Action.RESTARTED, words="spec.template.spec.containers[0].env[0].value",
    ),
    "selector": Change(
        place="persistence:\n", before=DEPLOYMENT.format(app="one"), after=DEPLOYMENT.format(app="two"),
        object="Deployment plain", words="field is immutable",
    ),
    "claims": Change(
        place="service:\n  trial-claims:\n", before=CLAIMS.format(size="1Gi"), after=CLAIMS.format(size="2Gi"),
        object="StatefulSet trial-claims-store", words="volumeClaimTemplates: Invalid value: …: field is immutable",
    ),
    "definition": Change(
        place="persistence:\n", before=THING, after=THING, object="Thing thing", words="field not declared in schema",
    ),
    "security": Change(
        place="    strategy: Recreate\n", before="    strategy: Recreate\n",
        after="    strategy: Recreate\n    pod: {hostNetwork: true}\n",
        object="Deployment trial-security", words='violates PodSecurity "restricted:latest"',
    ),
    "address": Change(
        place="  trial-address:\n    ports:\n", before="  trial-address:\n    clusterIP: 10.43.77.1\n    ports:\n",
        after="  trial-address:\n    clusterIP: 10.43.77.2\n    ports:\n",
        object="Service trial-address", words="may not change once set",
    ),
}  # fmt: skip
"""One change that can be done, and one that must fail for each way in which an update cannot."""


def write(here: Platform, pieces: Mapping[str, str], fields: str) -> None:
    """The services with these pieces in their values, and the definition with these fields."""
    for name, piece in pieces.items():
        here.service(f"trial-{name}", DECLARED if name == "value" else "")
        here.repo.replace(f"charts/trial-{name}/values.yaml", CHANGES[name].place, piece)
    spec = f"{{type: object, properties: {{{fields}}}}}"
    here.repo.write("charts/trial-definition/crds/things.yaml", cluster.definition("Thing", "trial.example.org", spec))


@pytest.fixture(scope="module")
def trial(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """One rehearsal of all the changes."""
    here = cluster.platform(tmp_path_factory.mktemp("trial"), place, "trial", {"": tuple(CHANGES)})
    write(here, {name: change.before for name, change in CHANGES.items()}, "size: {type: integer}")
    release_to_files(here)
    write(here, {name: change.after for name, change in CHANGES.items()}, "length: {type: integer}")
    return rehearse.rehearse(here.lab.context, "trial", (), time.monotonic)


def release_to_files(here: Platform) -> None:
    """Publish the working tree and write deploy/, without a cluster that follows it."""
    files = lab.files_of(here.lab, here.publish())
    for name, content in files.items():
        here.repo.write(f"deploy/{here.name}/{name}", content.decode())


def row(done: Rehearsal, title: str) -> RehearsedObject:
    """What the report says about one object."""
    (found,) = (item for item in done.rows if item.object == title)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_a_rehearsal_tells_what_the_api_server_makes_of(name: str, trial: Rehearsal) -> None:
    change = CHANGES[name]
    found = row(trial, change.object)
    assert found.update is change.action
    assert change.words in " ".join(found.reasons)


def test_a_rehearsal_tells_rejections_as_problems_and_what_holds_data_first(trial: Rehearsal) -> None:
    rejected = {change.object for change in CHANGES.values() if change.action is Action.REJECTED}
    assert {problem.where.partition(", ")[2] for problem in trial.problems} == rejected
    assert trial.rows[0].holds_data
    assert trial.before == ()


def test_a_rehearsal_goes_back_to_what_is_published(trial: Rehearsal) -> None:
    assert row(trial, "Deployment trial-value").back is Action.RESTARTED
    assert all(item.back is not Action.REJECTED for item in trial.rows)


def test_the_definition_that_loses_a_field_is_named_with_the_data_that_goes_with_it(trial: Rehearsal) -> None:
    found = row(trial, "CustomResourceDefinition things.trial.example.org")
    assert (found.holds_data, found.update) == (True, Action.CHANGED)


def test_an_update_without_a_rejection_counts_as_rehearsed_until_the_files_change(place: Place, tmp_path: Path) -> None:
    here = cluster.platform(tmp_path / "smooth", place, "smooth")
    release_to_files(here)
    here.repo.replace("charts/smooth-one/values.yaml", "GREETING: hello", "GREETING: moin")
    name = ChartName("smooth")
    assert not known(here, name)

    assert rehearse.rehearse(here.lab.context, "smooth", (), time.monotonic).problems == ()

    assert known(here, name)
    here.repo.replace("charts/smooth-one/values.yaml", "GREETING: moin", "GREETING: servus")
    assert not known(here, name)


def test_an_update_that_was_rejected_does_not_count_as_rehearsed(place: Place, tmp_path: Path) -> None:
    here = cluster.platform(tmp_path / "rough", place, "rough")
    release_to_files(here)
    here.repo.replace("charts/rough-two/values.yaml", "size: 1Gi", "size: 2Gi")

    assert rehearse.rehearse(here.lab.context, "rough", (), time.monotonic).problems

    assert not known(here, ChartName("rough"))


def known(here: Platform, name: ChartName) -> bool:
    """Whether the update to the working tree counts as rehearsed."""
    context = here.lab.context
    before = current_pins(context.config, here.name)[name].manifest
    return was_rehearsed(context, here.name, name, before, context.digests[name])


def test_a_rehearsal_leaves_no_folder(trial: Rehearsal, place: Place) -> None:
    assert not list(Path(place.folder).parent.glob("rehearsal-*"))


def test_the_servers_view_names_the_field_that_changes_and_the_claim_that_cannot(deliver: MakePlatform) -> None:
    here = deliver("view")
    here.release()
    here.settle()
    release_to_files(here)
    here.repo.replace("charts/view-one/values.yaml", "GREETING: hello", "GREETING: moin")
    here.repo.replace("charts/view-two/values.yaml", "size: 1Gi", "size: 2Gi")

    (found,) = diff.differences(here.lab.context, ["view"], (), "", here.kubectl)

    assert found.server is not None
    assert [change.object for change in found.server.changes] == ["Deployment view-one"]
    assert "+          value: moin" in found.server.changes[0].text
    assert list(found.server.rejected) == ["PersistentVolumeClaim view-two-config"]


def test_the_servers_view_of_what_already_runs_is_empty(deliver: MakePlatform) -> None:
    here = deliver("still")
    here.release()
    here.settle()

    (found,) = diff.differences(here.lab.context, ["still"], (), "", here.kubectl)

    assert found.server is not None
    assert (found.server.changes, dict(found.server.rejected)) == ((), {})
