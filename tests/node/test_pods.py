"""What a pod declares about its security is what the kernel holds its processes to."""

import pytest

from slipway.util.mapping import dig, listing, strings
from testing.node import NodeLab, Process, processes

SECCOMP_FILTER = "2"
"""Source: proc(5), Seccomp in /proc/PID/status."""
TOKEN = "/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture(scope="module")
def running(node: NodeLab) -> tuple[Process, ...]:
    return processes(node)


def test_every_container_that_runs_was_found(node: NodeLab, running: tuple[Process, ...]) -> None:
    wanted = {
        f"{dig(pod, 'metadata')['namespace']}/{dig(pod, 'metadata')['name']}/{state['name']}"
        for pod in node.pods()
        for state in listing(dig(pod, "status"), "containerStatuses")
        if dig(state, "state", "running")
    }

    print(f"{len(running)} containers")
    assert wanted <= {process.title for process in running}


def test_every_container_runs_as_its_user_and_group(running: tuple[Process, ...]) -> None:
    wrong = {}
    for process in running:
        for key, line in (("runAsUser", "Uid"), ("runAsGroup", "Gid")):
            declared = process.security.get(key)
            if declared is not None and process.status[line].split()[0] != str(declared):
                wrong[process.title, line] = (declared, process.status[line])
        if process.security.get("runAsNonRoot") is True and process.status["Uid"].split()[0] == "0":
            wrong[process.title, "runAsNonRoot"] = (True, process.status["Uid"])
    assert wrong == {}


def test_no_container_gains_privileges_or_keeps_a_capability_that_it_does_not_add(running: tuple[Process, ...]) -> None:
    wrong = []
    for process in running:
        security = process.security
        if security.get("allowPrivilegeEscalation") is False and process.status["NoNewPrivs"] != "1":
            wrong.append((process.title, "NoNewPrivs"))
        capabilities = dig(security, "capabilities")
        if "ALL" in strings(capabilities, "drop"):
            held = int(process.status["CapBnd"], 16).bit_count()
            if held != len(strings(capabilities, "add")):
                wrong.append((process.title, f"CapBnd has {held}"))
        if (
            dig(security, "seccompProfile").get("type") == "RuntimeDefault"
            and process.status["Seccomp"] != SECCOMP_FILTER
        ):
            wrong.append((process.title, "Seccomp"))
    assert wrong == []


def test_a_root_that_is_declared_read_only_is(running: tuple[Process, ...]) -> None:
    declared = [process for process in running if process.security.get("readOnlyRootFilesystem") is True]

    assert declared
    assert [process.title for process in declared if "ro" not in process.mounts["/"]] == []


def test_no_container_has_a_token_that_its_pod_does_not_ask_for(running: tuple[Process, ...]) -> None:
    without = [process for process in running if dig(process.pod, "spec").get("automountServiceAccountToken") is False]

    assert without
    assert [
        process.title
        for process in without
        if any(TOKEN in path for path in process.mounts)
        and not any(TOKEN in str(mount["mountPath"]) for mount in listing(process.container, "volumeMounts"))
    ] == []
