"""A drill by hand: the Job of a service's CronJob, its end, and why it failed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.build.render import Object, parse
from slipway.cli import backups as verb
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.delivery import backups, drill
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed

CRON = """\
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}-{component}
  namespace: apps
  labels: {{app.kubernetes.io/name: {name}, app.kubernetes.io/component: {component}}}
spec:
  jobTemplate: {{spec: {{activeDeadlineSeconds: 7200}}}}
"""

MADE = drill.Drill(service="web", namespace="apps", cron="web-drill", wait_s=7800)


def objects(*pairs: tuple[str, str]) -> tuple[Object, ...]:
    return parse("".join(CRON.format(name=name, component=component) for name, component in pairs))


def cluster(asked: list[tuple[str, ...]], condition: Mapping[str, str], log: str) -> Kubectl:
    """A kubectl whose Job ends with a condition, and whose containers logged something."""

    def run(command: Command) -> Completed:
        words = command.argv[3:]
        asked.append(words)
        answers = {"get": json.dumps({"status": {"conditions": [{"status": "True", **condition}]}}), "logs": log}
        text = next((answer for verb, answer in answers.items() if verb in words), "")
        return Completed(argv=command.argv, code=0, stdout=text, stderr="", seconds=0.0)

    return Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config"))


def test_the_drill_is_that_of_the_service_and_may_take_as_long_as_its_job() -> None:
    found = drill.drill_in(
        objects(("other", "drill"), ("web", "backup"), ("web", "drill")), "web", "apps", "production"
    )

    assert found == MADE


def test_a_platform_without_drills_says_how_to_have_them() -> None:
    with pytest.raises(WorkspaceError) as caught:
        drill.drill_in(objects(("web", "backup")), "web", "apps", "production")

    assert str(caught.value) == (
        "web: drills are off in production\n"
        "    hint: set backup.drill.enabled to true in values/production/platform.yaml"
    )


def test_a_job_of_the_cron_job_runs_to_its_end_and_its_words_are_shown() -> None:
    asked: list[tuple[str, ...]] = []

    log = drill.perform(
        MADE, cluster(asked, {"type": "SuccessCriteriaMet"}, "config has 2 files\n\ndrill passed: {}\n")
    )

    assert log == ("config has 2 files", "drill passed: {}")
    assert [words[2] for words in asked] == ["delete", "create", "wait", "get", "logs"]
    assert asked[1] == ("--namespace", "apps", "create", "job", "web-drill-now", "--from=cronjob/web-drill")
    assert asked[2][-1] == "7800s"


def test_a_drill_that_fails_says_why() -> None:
    log = "snapshot 0a1b\ndrill failed: the database config/app.db of snapshot 0a1b is damaged: malformed\n"

    with pytest.raises(ToolFailed) as caught:
        drill.perform(MADE, cluster([], {"type": "FailureTarget"}, log))

    assert str(caught.value) == (
        "drill of web: the database config/app.db of snapshot 0a1b is damaged: malformed\n"
        "    snapshot 0a1b\n"
        "    hint: see docs/runbooks/DrillFailed.md"
    )


def test_a_drill_that_could_not_run_has_the_reason_of_kubernetes() -> None:
    with pytest.raises(ToolFailed, match="drill of web: Job was active longer than specified deadline"):
        drill.perform(
            MADE,
            cluster([], {"type": "Failed", "message": "Job was active longer than specified deadline"}, ""),
        )


def test_the_last_backup_and_drill_are_what_the_cluster_has() -> None:
    known = backups.Coverage(
        namespace="apps", service="web", what="persistence.config", size="1Gi", how="files", when="1 2 * * *"
    )
    none = backups.Coverage(namespace="apps", service="web", what="persistence.tmp", size="1Gi", how="no", when="")
    items = [
        {
            "metadata": {
                "namespace": "apps",
                "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/component": component},
            },
            "status": {"lastSuccessfulTime": time} if time else {},
        }
        for name, component, time in (
            ("web", "backup", "2026-11-30T02:30:00Z"),
            ("web", "drill", ""),
            ("other", "drill", "2026-11-30T08:30:00Z"),
        )
    ]

    def run(command: Command) -> Completed:
        text = json.dumps({"kind": "List", "items": items})
        return Completed(argv=command.argv, code=0, stdout=text, stderr="", seconds=0.0)

    kubectl = Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config"))
    found = backups.with_last((known, none), kubectl)

    assert [(item.backed_up, item.drilled) for item in found] == [("2026-11-30T02:30:00Z", ""), ("", "")]
    assert verb.row(found[0], last=True)[-3:] == ("2026-11-30T02:30:00Z", "-", "files")
    assert len(verb.row(found[0], last=False)) == len(verb.HEAD)


def test_a_cluster_that_does_not_know_the_cron_job_is_an_error() -> None:
    def run(command: Command) -> Completed:
        if "create" in command.argv:
            raise ToolFailed(Problem(where="kubectl", fact="ended with exit code 1", evidence=("not found",)))
        return Completed(argv=command.argv, code=0, stdout="", stderr="", seconds=0.0)

    with pytest.raises(ToolFailed, match="not found"):
        drill.perform(MADE, Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config")))
