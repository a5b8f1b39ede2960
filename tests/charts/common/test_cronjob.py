"""CronJobs: work by the clock."""

import pytest

pytestmark = pytest.mark.helm

NIGHTLY = "controllers: {demo: {type: CronJob, cron: {schedule: '30 3 * * *'}}}"


def test_a_cronjob_runs_by_its_schedule_in_the_platforms_time_zone(render):
    spec = render(NIGHTLY + "\nglobal: {timezone: Europe/Berlin}").one("CronJob").at("spec")

    assert (spec["schedule"], spec["timeZone"]) == ("30 3 * * *", "Europe/Berlin")


def test_it_may_have_a_time_zone_of_its_own(render):
    values = "controllers: {demo: {type: CronJob, cron: {schedule: '@daily', timeZone: Etc/UTC}}}"

    assert render(values).one("CronJob").at("spec", "timeZone") == "Etc/UTC"


def test_two_runs_never_overlap_unless_the_chart_says_so(render):
    spec = render(NIGHTLY).one("CronJob").at("spec")

    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Forbid", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (1, 3)


def test_every_setting_of_the_clock_reaches_the_object(render):
    cron = (
        "{schedule: '@hourly', concurrencyPolicy: Replace, suspend: true, startingDeadlineSeconds: 60, "
        "successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0}"
    )
    spec = render(f"controllers: {{demo: {{type: CronJob, cron: {cron}}}}}").one("CronJob").at("spec")

    assert (spec["concurrencyPolicy"], spec["suspend"], spec["startingDeadlineSeconds"]) == ("Replace", True, 60)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (0, 0)


def test_a_run_that_fails_is_tried_again_in_its_pod(render):
    assert render(NIGHTLY).pod_spec("CronJob")["restartPolicy"] == "OnFailure"


def test_the_chart_may_want_a_new_pod_instead(render):
    values = "controllers: {demo: {type: CronJob, cron: {schedule: '@daily'}, pod: {restartPolicy: Never}}}"

    assert render(values).pod_spec("CronJob")["restartPolicy"] == "Never"


def test_the_limits_of_a_job_apply_to_each_run(render):
    values = "controllers: {demo: {type: CronJob, cron: {schedule: '@daily'}, job: {backoffLimit: 2, activeDeadlineSeconds: 600}}}"
    spec = render(values).one("CronJob").at("spec", "jobTemplate", "spec")

    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (2, 600)


def test_its_pods_have_the_labels_of_every_pod(render):
    assert render(NIGHTLY).pod("CronJob")["metadata"]["labels"]["app.kubernetes.io/component"] == "demo"


def test_without_a_schedule_it_is_refused(refuse):
    assert "demo: controller demo is a CronJob without a schedule; set controllers.demo.cron.schedule" in refuse(
        "controllers: {demo: {type: CronJob}}"
    )
