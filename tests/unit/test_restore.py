"""The plan of a restore: from what a service renders, in an order that no writer can disturb."""

import json
from pathlib import Path

import pytest

from slipway.build.render import Object, parse
from slipway.context import Context, open_context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.delivery import recovery, restore
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed
from slipway.util import yaml
from testing.workspaces import ROOT

LABELS = "app.kubernetes.io/name: {name}, app.kubernetes.io/instance: apps, app.kubernetes.io/component: {component}"

WORKLOAD = """\
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: apps, labels: {{{labels}}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{{labels}}}}}
"""

COPY = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}-backup
  namespace: apps
  labels: {{{labels}, helm.sh/chart: {name}-1.0.0}}
  annotations: {{{annotations}}}
spec:
  jobTemplate:
    spec:
      activeDeadlineSeconds: 7200
      template:
        metadata: {{labels: {{{labels}}}}}
        spec:
          restartPolicy: OnFailure
          {init}
          containers:
            - name: restic
              image: restic
              command: [sh, -ec, 'eval "$0"']
              args: [locked backup /data]
              env: [{{name: SERVICE, value: {name}}}]
              volumeMounts:
                - {{name: config, mountPath: /data/config, readOnly: true}}
                - {{name: work, mountPath: /work}}
"""

DUMP = """initContainers:
            - name: dump-web
              image: postgres
              command: [pg_dump, --format=custom, --file=/data/dump/web.dump]
              volumeMounts: [{name: dump, mountPath: /data/dump}]
"""


VOLUMES = [{"entry": "config", "path": "/data/config", "exclude": ["logs", "a b"]}]
DATABASES = [{"entry": "web", "container": "dump-web", "load": "load-web", "file": "/data/dump/web.dump"}]
PLAN = {"restic": "restic", "volumes": VOLUMES, "databases": []}
WITH_DUMP = {**PLAN, "databases": DATABASES, "dump": "/data/dump"}


@pytest.fixture
def context() -> Context:
    """This repository's wiring."""
    return open_context(ROOT, {}, quiet=True)


def workload(name: str, kind: str = "Deployment", replicas: int = 1, component: str = "") -> str:
    labels = LABELS.format(name=name, component=component or name)
    return WORKLOAD.format(kind=kind, name=component or name, replicas=replicas, labels=labels)


def copied(name: str, init: str = "", *, plan: object = None) -> str:
    text = json.dumps(plan or (WITH_DUMP if init else PLAN))
    return noted(name, f"slipway.homelab/backup: {json.dumps(text)}", init)


def noted(name: str, annotations: str, init: str = "") -> str:
    labels = LABELS.format(name=name, component="backup")
    return COPY.format(name=name, labels=labels, init=init, annotations=annotations)


def objects(*texts: str) -> tuple[Object, ...]:
    return parse("---\n" + "---\n".join(texts))


def plan_of(*texts: str, service: str = "web", also: tuple[str, ...] = (), snapshot: str = "latest") -> restore.Plan:
    return restore.plan(
        objects(*texts), service=service, namespace="apps", argocd="argocd", also=also, snapshot=snapshot
    )


def job_in(plan: restore.Plan):
    (step,) = (step for step in plan.steps if step.stdin)
    return yaml.parse(step.stdin, "job").mapping


def test_the_service_stops_before_and_starts_after() -> None:
    plan = plan_of(workload("web", replicas=2), workload("web", "StatefulSet", component="cache"), copied("web"))

    assert [step.title for step in plan.steps] == [
        "Argo CD leaves the namespace alone",
        "web-backup waits",
        "stop web",
        "stop cache",
        "web has ended",
        "cache has ended",
        "the last restore goes",
        "restore",
        "wait for its end",
        "it must have succeeded",
        "start web",
        "start cache",
        "web-backup goes on",
        "Argo CD goes on",
    ]
    scaled = [step.arguments[-2:] for step in plan.steps if "scale" in step.arguments]
    assert scaled == [
        ("deployment/web", "--replicas=0"),
        ("statefulset/cache", "--replicas=0"),
        ("deployment/web", "--replicas=2"),
        ("statefulset/cache", "--replicas=1"),
    ]


def test_other_services_run_on() -> None:
    plan = plan_of(workload("web"), workload("other"), copied("web"), copied("other"))

    assert "other" not in restore.text(plan)


def test_the_application_of_a_database_stops_too() -> None:
    texts = (workload("shop"), copied("shop"), copied("shop-postgres", DUMP))
    titles = [step.title for step in plan_of(*texts, service="shop-postgres", also=("shop",)).steps]

    assert {"stop shop", "shop-backup waits", "shop-postgres-backup waits", "start shop"} <= set(titles)


def test_the_job_writes_where_the_copy_read_and_keeps_what_it_left_out() -> None:
    job = job_in(plan_of(workload("web"), copied("web"), snapshot="0a1b2c3d"))

    spec = job["spec"]["template"]["spec"]
    (restic,) = spec["containers"]
    (script,) = restic["args"]
    assert script.startswith('locked restore "$SNAPSHOT:/data/config" --host "$NAMESPACE" --tag "$SERVICE"')
    assert script.endswith(" --target /data/config --delete --exclude /logs --exclude '/a b'\n")
    assert restic["command"] == ["sh", "-ec", 'eval "$0"']
    assert {"name": "SNAPSHOT", "value": "0a1b2c3d"} in restic["env"]
    assert all("readOnly" not in mount for mount in restic["volumeMounts"])
    # A second try does the same again.
    assert job["spec"]["backoffLimit"] == 1
    assert spec["restartPolicy"] == "Never"


def test_a_restore_may_take_as_long_as_a_backup_and_is_waited_for() -> None:
    plan = plan_of(copied("web"))

    assert job_in(plan)["spec"]["activeDeadlineSeconds"] == 7200
    (wait,) = (step for step in plan.steps if step.title == "wait for its end")
    assert wait.arguments[-1] == "7800s"


def test_the_jobs_pods_have_the_edges_of_the_copys() -> None:
    job = job_in(plan_of(copied("web")))

    assert job["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "backup"
    assert "helm.sh/chart" not in job["metadata"]["labels"]


def test_a_dump_is_loaded_after_it_was_restored() -> None:
    spec = job_in(plan_of(copied("web", DUMP)))["spec"]["template"]["spec"]

    assert [container["name"] for container in spec["initContainers"]] == ["restic"]
    (load,) = spec["containers"]
    assert (load["name"], load["image"]) == ("load-web", "postgres")
    assert "pg_restore --no-owner --no-comments --file - /data/dump/web.dump |" in load["args"][0]
    assert "trap 'exit 143' TERM" in load["args"][0]


def test_a_plan_is_text_that_a_shell_reads() -> None:
    text = restore.text(plan_of(workload("web"), copied("web")))

    assert "kubectl --namespace apps scale deployment/web --replicas=0" in text
    assert "kubectl --namespace apps create --filename - <<'EOF'\napiVersion: batch/v1\n" in text


def test_what_is_not_copied_cannot_be_restored() -> None:
    with pytest.raises(WorkspaceError) as caught:
        plan_of(workload("web"), copied("other"))

    assert str(caught.value) == ("web: none of its data is backed up\n    hint: ./inv backups --only web")


def test_every_folder_of_the_plan_is_restored_in_one_order() -> None:
    (restic,) = job_in(plan_of(copied("web", DUMP)))["spec"]["template"]["spec"]["initContainers"]
    (script,) = restic["args"]

    targets = [words[words.index("--target") + 1] for words in map(str.split, script.splitlines())]
    assert targets == ["/data/config", "/data/dump"]


def test_the_command_of_the_backup_decides_nothing() -> None:
    before = job_in(plan_of(copied("web")))
    after = job_in(plan_of(copied("web").replace("locked backup /data", "locked backup --exclude /data/config/x /y")))

    assert before == after


def test_a_container_without_a_dump_has_no_part() -> None:
    quiet = DUMP.replace("- name: dump-web", "- {name: quiet-web, image: x}\n            - name: dump-web")
    spec = job_in(plan_of(copied("web", quiet)))["spec"]["template"]["spec"]

    assert [item["name"] for item in (*spec["initContainers"], *spec["containers"])] == ["restic", "load-web"]


def test_a_container_that_the_plan_names_exists() -> None:
    with pytest.raises(WorkspaceError) as caught:
        plan_of(copied("web", plan=WITH_DUMP))

    assert str(caught.value) == (
        "CronJob web-backup in apps: has no container dump-web below initContainers, which its backup plan names\n"
        "    it has: none\n"
        "    hint: `common.backup` in charts/common must render each container that `common.backup.plan` names"
    )


def test_a_cron_job_of_an_older_library_cannot_be_restored() -> None:
    with pytest.raises(WorkspaceError) as caught:
        plan_of(noted("web", ""))

    assert str(caught.value) == (
        "CronJob web-backup in apps: has no annotation slipway.homelab/backup, so it cannot be restored\n"
        "    hint: render it with a charts/common that writes the annotation: `git pull`, then run the same command again"
    )


@pytest.mark.parametrize(
    ("plan", "fact"),
    [
        ([], "'restic' is missing"),
        ({**PLAN, "restic": 1}, "'restic' is missing"),
        ({**PLAN, "volumes": [{"exclude": []}]}, "'path' is missing"),
        ({**PLAN, "databases": DATABASES}, "'dump' is missing"),
        ({**WITH_DUMP, "databases": [{"container": "a", "load": "b"}]}, "'file' is missing"),
    ],
)
def test_data_that_is_no_plan_is_shown(plan: object, fact: str) -> None:
    text = json.dumps(plan)
    with pytest.raises(WorkspaceError) as caught:
        plan_of(noted("web", f"slipway.homelab/backup: {json.dumps(text)}"))

    assert str(caught.value).startswith(
        "CronJob web-backup in apps: the annotation slipway.homelab/backup is not a backup plan: "
        f"{fact}\n    {text}\n    hint: "
    )


@pytest.mark.parametrize("snapshot", ["", "yesterday", "latest; rm", "abc"])
def test_a_snapshot_is_an_identifier(snapshot: str) -> None:
    with pytest.raises(WorkspaceError, match="is not a snapshot's ID"):
        plan_of(copied("web"), snapshot=snapshot)


def cluster(answers: list[Command], stops_at: str = "") -> Kubectl:
    """A kubectl that takes every step, but one."""

    def run(command: Command) -> Completed:
        answers.append(command)
        if stops_at and stops_at in command.argv:
            raise ToolFailed(Problem(where="kubectl", fact="ended with exit code 1", evidence=("no",)))
        return Completed(argv=command.argv, code=0, stdout="", stderr="", seconds=0.0)

    return Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config"))


def test_the_steps_are_done_in_their_order(context: Context) -> None:
    plan, done = plan_of(workload("web"), copied("web")), []

    recovery.perform(context, plan, cluster(done))

    assert [command.argv[3:] for command in done] == [step.arguments for step in plan.steps]
    assert [command.stdin for command in done if command.stdin] == [step.stdin for step in plan.steps if step.stdin]


def test_a_step_that_fails_leaves_the_service_stopped(context: Context) -> None:
    plan, done = plan_of(workload("web"), copied("web")), []

    with pytest.raises(ToolFailed) as caught:
        recovery.perform(context, plan, cluster(done, stops_at="create"))

    assert str(caught.value) == (
        "restore of web: stopped at step 6: restore\n"
        "    ended with exit code 1\n"
        "    no\n"
        "    hint: fix it and run the same command again; until then Argo CD is paused and the service is stopped"
    )
    assert "create" in done[-1].argv
