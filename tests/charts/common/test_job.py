"""Jobs: work that is done once for each content."""

import re

import pytest

pytestmark = pytest.mark.helm

ONCE = "controllers: {demo: {type: Job, containers: {app: {args: [migrate]}}}}"
OTHER = "controllers: {demo: {type: Job, containers: {app: {args: [migrate, --force]}}}}"


def test_a_jobs_name_carries_its_content(render):
    assert re.fullmatch(r"demo-[0-9a-f]{8}", render(ONCE).one("Job").name)


def test_another_content_is_another_job(render):
    # A Job's template is immutable: under one name the change would be refused by the API server.
    assert render(ONCE).one("Job").name != render(OTHER).one("Job").name


def test_a_new_version_of_the_chart_alone_does_not_run_it_again(charts, render):
    old, new = charts.chart(), charts.chart(version="7.0.0", app_version="9.9.9")

    assert render(ONCE, chart=old).one("Job").name == render(ONCE, chart=new).one("Job").name


def test_a_new_image_runs_it_again(render):
    other = "controllers: {demo: {type: Job, containers: {app: {args: [migrate], image: {tag: 1.2.4}}}}}"

    assert render(ONCE).one("Job").name != render(other).one("Job").name


def test_a_run_that_fails_is_tried_again_in_its_pod(render):
    assert render(ONCE).pod_spec("Job")["restartPolicy"] == "OnFailure"


def test_every_limit_reaches_the_object(render):
    job = "{backoffLimit: 0, activeDeadlineSeconds: 120, parallelism: 2, completions: 4, ttlSecondsAfterFinished: 60}"
    spec = render(f"controllers: {{demo: {{type: Job, job: {job}}}}}").one("Job").at("spec")

    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 120)
    assert (spec["parallelism"], spec["completions"]) == (2, 4)
    assert spec["ttlSecondsAfterFinished"] == 60


def test_a_job_has_neither_replicas_nor_a_selector(render):
    # Kubernetes makes the selector of a Job itself.
    assert set(render(ONCE).one("Job").at("spec")) == {"template"}


def test_an_exit_code_that_is_final_ends_the_job(render):
    pod = "pod: {restartPolicy: Never}"
    spec = (
        render(ONCE.replace("type: Job,", f"type: Job, job: {{finalExitCodes: [3, 65]}}, {pod},")).one("Job").at("spec")
    )

    assert spec["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3, 65]}}
    ]
