"""A backup of a volume is one that brings the volume back: the CronJob's own pod, restic, and a repository on the internet."""

import uuid

import pytest

from slipway.delivery import recovery
from slipway.tools.process import wait_until
from slipway.util.mapping import dig
from testing.node import NodeLab

NAMESPACE, SERVICE = "htpc", "qbittorrent"
"""A service whose volume is backed up as it is, without a dump."""
FILE = "/config/of-mine"
WAIT_S = 300.0


def run(node: NodeLab, script: str) -> str:
    return node.kubectl("exec", "-n", NAMESPACE, f"deploy/{SERVICE}", "-c", "app", "--", "sh", "-ec", script).stdout


@pytest.fixture
def backed_up(node: NodeLab) -> str:
    """The content of a file that a backup has."""
    content = f"{uuid.uuid4()}\n"
    run(node, f"echo {content.strip()} > {FILE}")
    job = f"{SERVICE}-backup-now"
    node.kubectl("create", "job", f"--from=cronjob/{SERVICE}-backup", job, "-n", NAMESPACE)

    def ended() -> bool:
        status = dig(node.kubectl.find("job", job, "-n", NAMESPACE) or {}, "status")
        return bool(status.get("succeeded") or status.get("failed"))

    assert wait_until(ended, WAIT_S)
    log = node.kubectl("logs", f"job/{job}", "-n", NAMESPACE, "--all-containers", ok_codes=None).stdout
    assert dig(node.kubectl.find("job", job, "-n", NAMESPACE) or {}, "status").get("succeeded"), log
    assert "created restic repository" in log
    assert "saved" in log
    return content


def test_a_file_that_was_lost_after_a_backup_is_there_again_after_a_restore(node: NodeLab, backed_up: str) -> None:
    run(node, f"rm {FILE}; echo of-later > /config/of-later")
    context = node.lab.context

    recovery.perform(context, recovery.plan(context, SERVICE, node.lab.environment, ""), node.kubectl)

    node.kubectl("rollout", "status", f"deployment/{SERVICE}", "-n", NAMESPACE, "--timeout=300s")
    assert run(node, f"cat {FILE}") == backed_up
    assert "of-later" not in run(node, "ls /config")
