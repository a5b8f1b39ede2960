"""Page `platform/workloads`: pods that restart, are pending, throttled or near their memory limit."""

from __future__ import annotations

from dashboards.model import Column, Dashboard, Row, Variable, bad_from, bars, promql, rising, series, stat, table

SELECTED = 'namespace=~"$namespace", pod=~"$pod"'
WORKLOADS = Dashboard(
    uid="platform-workloads",
    title="Workloads",
    folder="platform",
    description="Pods: which restart, wait, are slowed down or near their memory limit.",
    variables=(
        Variable(name="namespace", title="Namespace", metric="kube_pod_info", label="namespace"),
        Variable(name="pod", title="Pod", metric='kube_pod_info{namespace=~"$namespace"}', label="pod"),
    ),
    rows=(
        Row(
            title="State",
            panels=(
                stat(
                    "Pods that run",
                    f'sum(kube_pod_status_phase{{phase="Running", {SELECTED}}})',
                    description="Pods whose containers were started.",
                ),
                stat(
                    "Pods that wait or failed",
                    f'sum(kube_pod_status_phase{{phase=~"Pending|Failed|Unknown", {SELECTED}}}) or vector(0)',
                    thresholds=bad_from(1),
                    description="Pods without a node, with an image that cannot be had, or that ended with an error.",
                ),
                stat(
                    "Restarts in an hour",
                    f"sum(increase(kube_pod_container_status_restarts_total{{{SELECTED}}}[1h]))",
                    thresholds=rising(1, 5),
                    decimals=0,
                    description="Containers that ended and were started again.",
                ),
                stat(
                    "Killed for memory, last day",
                    f"sum(increase(container_oom_events_total{{{SELECTED}}}[1d])) or vector(0)",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="How often the kernel ended a process that went over its container's limit.",
                    link="/d/alert-ContainerOutOfMemory",
                ),
                stat(
                    "Processors asked for",
                    f'sum(kube_pod_container_resource_requests{{resource="cpu", {SELECTED}}})',
                    unit="cores",
                    description="Sum of the requests; the scheduler counts these, not the use.",
                ),
                stat(
                    "Memory asked for",
                    f'sum(kube_pod_container_resource_requests{{resource="memory", {SELECTED}}})',
                    unit="bytes",
                    description="Sum of the requests; the scheduler counts these, not the use.",
                ),
            ),
        ),
        Row(
            title="What is wrong",
            panels=(
                table(
                    "Containers that wait or end",
                    promql(
                        f"sum by (namespace, pod, container, reason) (kube_pod_container_status_waiting_reason{{{SELECTED}}} == 1)"
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="pod", title="Pod"),
                        Column(field="container", title="Container"),
                        Column(field="reason", title="Reason"),
                        Column(field="Value", title="How many", width=100),
                    ),
                    description="CrashLoopBackOff: read the pod's last lines. ImagePullBackOff: the image or the registry. CreateContainerConfigError: a secret or ConfigMap is missing.",
                ),
                table(
                    "Restarts of the last day, and why the last end",
                    promql(
                        f"sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{{{SELECTED}}}[1d])) > 0.5"
                    ),
                    promql(
                        f"sum by (namespace, pod, container, reason) (kube_pod_container_status_last_terminated_reason{{{SELECTED}}}) == 1"
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="pod", title="Pod"),
                        Column(field="container", title="Container"),
                        Column(field="reason", title="Last end"),
                        Column(field="Value #A", title="Restarts", thresholds=rising(1, 5), width=100),
                        Column(field="Value #B", title="Known", width=80),
                    ),
                    description="OOMKilled: the limit of its memory is too low, or it leaks. Error: the program said why in its last lines.",
                ),
            ),
        ),
        Row(
            title="Use against limits",
            panels=(
                series(
                    "Memory of each container",
                    promql(
                        f'sum by (pod, container) (container_memory_working_set_bytes{{container!="", {SELECTED}}})',
                        "{{pod}} {{container}}",
                    ),
                    unit="bytes",
                    description="What cannot be taken back from it; at the limit it is killed.",
                ),
                bars(
                    "Nearest to their memory limit",
                    promql(
                        "topk(12, sum by (pod, container)"
                        f' (container_memory_working_set_bytes{{container!="", {SELECTED}}})'
                        " / sum by (pod, container)"
                        f' (kube_pod_container_resource_limits{{resource="memory", {SELECTED}}}))',
                        "{{pod}} {{container}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.8, 0.95),
                    description="Share of the limit that is used now.",
                ),
                series(
                    "Processors of each container",
                    promql(
                        f'sum by (pod, container) (rate(container_cpu_usage_seconds_total{{container!="", {SELECTED}}}[$__rate_interval]))',
                        "{{pod}} {{container}}",
                    ),
                    unit="cores",
                    description="Processors that it keeps busy.",
                ),
                series(
                    "Slowed down",
                    promql(
                        f'sum by (pod, container) (rate(container_cpu_cfs_throttled_periods_total{{container!="", {SELECTED}}}[$__rate_interval]))'
                        f' / sum by (pod, container) (rate(container_cpu_cfs_periods_total{{container!="", {SELECTED}}}[$__rate_interval]))',
                        "{{pod}} {{container}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.25, 0.5),
                    description="Share of the periods in which the processor limit held it up. A container without such a limit is not here.",
                ),
            ),
        ),
        Row(
            title="Network and disk",
            panels=(
                series(
                    "Network in",
                    promql(
                        f"sum by (pod) (rate(container_network_receive_bytes_total{{{SELECTED}}}[$__rate_interval]))",
                        "{{pod}}",
                    ),
                    unit="Bps",
                    width=8,
                    description="Bytes that arrive in each pod.",
                ),
                series(
                    "Network out",
                    promql(
                        f"sum by (pod) (rate(container_network_transmit_bytes_total{{{SELECTED}}}[$__rate_interval]))",
                        "{{pod}}",
                    ),
                    unit="Bps",
                    width=8,
                    description="Bytes that each pod sends.",
                ),
                series(
                    "Disk",
                    promql(
                        f'sum by (pod) (rate(container_fs_writes_bytes_total{{container!="", {SELECTED}}}[$__rate_interval])'
                        f' + rate(container_fs_reads_bytes_total{{container!="", {SELECTED}}}[$__rate_interval]))',
                        "{{pod}}",
                    ),
                    unit="Bps",
                    width=8,
                    description="Bytes that each pod reads and writes on devices of the node.",
                ),
            ),
        ),
        Row(
            title="Jobs and quotas",
            panels=(
                table(
                    "Jobs that failed",
                    promql(
                        'sum by (namespace, job_name) (kube_job_failed{condition="true", namespace=~"$namespace"} == 1)'
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="job_name", title="Job", link="/d/alert-JobFailed"),
                        Column(field="Value", title="Failed", width=100),
                    ),
                ),
                bars(
                    "Quota that is used",
                    promql(
                        'max by (namespace, resource) (kube_resourcequota{type="used", namespace=~"$namespace"})'
                        ' / max by (namespace, resource) (kube_resourcequota{type="hard", namespace=~"$namespace"} > 0)',
                        "{{namespace}} {{resource}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.8, 0.95),
                    description="A namespace at its quota gets no new pods.",
                ),
            ),
        ),
    ),
)
