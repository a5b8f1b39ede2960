"""Page `platform/storage`: file systems, PVCs, when they will be full, and backups."""

from __future__ import annotations

from dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Row,
    Threshold,
    bad_from,
    bars,
    promql,
    rising,
    series,
    stat,
    table,
)

REAL_FS = 'fstype!~"tmpfs|overlay|ramfs|squashfs|iso9660"'

CRONS = 'cronjob=~".*-(backup|drill)"'

STORAGE = Dashboard(
    uid="platform-storage",
    title="Storage",
    folder="platform",
    description="File systems of the nodes, claims, when they will be full, and backups.",
    time_from="now-7d",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Fullest file system",
                    f"max(1 - node_filesystem_avail_bytes{{{REAL_FS}}} / node_filesystem_size_bytes)",
                    unit="percentunit",
                    thresholds=rising(0.8, 0.9),
                    description="Volumes of the platform are folders of a node: what is full there is full for every claim.",
                    link="/d/alert-NodeDiskFull",
                    width=6,
                ),
                stat(
                    "File systems that cannot be written",
                    f'count(node_filesystem_readonly{{{REAL_FS}, mountpoint!~"/(boot|snap).*"}} == 1) or vector(0)',
                    thresholds=bad_from(1),
                    description="The kernel mounts a file system so after errors of its disk.",
                    link="/d/alert-NodeDiskReadOnly",
                    width=6,
                ),
                stat(
                    "Claims that wait for a volume",
                    'sum(kube_persistentvolumeclaim_status_phase{phase=~"Pending|Lost"}) or vector(0)',
                    thresholds=bad_from(1),
                    description="A claim waits until a pod that uses it has a node; Lost means that its volume is gone.",
                    width=6,
                ),
                stat(
                    "Volumes that nobody claims",
                    'sum(kube_persistentvolume_status_phase{phase=~"Released|Failed"}) or vector(0)',
                    thresholds=(Threshold(at=1, colour=Colour.WATCH),),
                    description="Their data is kept after the claim was deleted; remove it by hand when it is not needed.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="File systems of the nodes",
            panels=(
                table(
                    "File systems",
                    promql(f"sum by (node, mountpoint) (node_filesystem_size_bytes{{{REAL_FS}}})"),
                    promql(f"sum by (node, mountpoint) (node_filesystem_avail_bytes{{{REAL_FS}}})"),
                    promql(
                        f"max by (node, mountpoint) (1 - node_filesystem_avail_bytes{{{REAL_FS}}} / node_filesystem_size_bytes)"
                    ),
                    promql(
                        f"max by (node, mountpoint) (1 - node_filesystem_files_free{{{REAL_FS}}} / (node_filesystem_files > 0))"
                    ),
                    columns=(
                        Column(field="node", title="Node", link="/d/platform-nodes?var-node=${__value.raw}"),
                        Column(field="mountpoint", title="Mounted at"),
                        Column(field="Value #A", title="Size", unit="bytes"),
                        Column(field="Value #B", title="Free", unit="bytes"),
                        Column(field="Value #C", title="Full", unit="percentunit", thresholds=rising(0.8, 0.9)),
                        Column(field="Value #D", title="Files", unit="percentunit", thresholds=rising(0.8, 0.9)),
                    ),
                ),
                series(
                    "Days until full, at the pace of three days",
                    promql(
                        f"node_filesystem_avail_bytes{{{REAL_FS}}}"
                        f" / (-deriv(node_filesystem_avail_bytes{{{REAL_FS}}}[3d]) > 0) / 86400",
                        "{{node}} {{mountpoint}}",
                    ),
                    unit="d",
                    description="A file system that does not grow has no line.",
                ),
            ),
        ),
        Row(
            title="Backups",
            panels=(
                table(
                    "Backups and the drills that restore them",
                    promql(
                        f"time() - max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{{{CRONS}}})"
                    ),
                    promql(
                        f"max by (namespace, cronjob) (kube_cronjob_status_last_schedule_time{{{CRONS}}})"
                        f" > bool (max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{{{CRONS}}})"
                        f" or 0 * max by (namespace, cronjob) (kube_cronjob_created{{{CRONS}}}))"
                    ),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="cronjob", title="CronJob"),
                        Column(field="Value #A", title="Succeeded before", unit="s"),
                        Column(
                            field="Value #B",
                            title="Last run",
                            mappings=((0, "succeeded", Colour.GOOD), (1, "failed or runs", Colour.WATCH)),
                            width=110,
                        ),
                    ),
                    description="A backup runs each night; a drill restores the newest one twice a month, and opens it. No age: it never succeeded.",
                ),
                stat(
                    "Oldest drill",
                    'time() - min(kube_cronjob_status_last_successful_time{cronjob=~".*-drill"})',
                    unit="s",
                    thresholds=rising(20 * 86400, 30 * 86400),
                    description="How long the service that has waited longest has not been restored.",
                    link="/d/alert-DrillOverdue",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Claims",
            panels=(
                table(
                    "Claims and what they ask for",
                    promql(
                        "sum by (namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_resource_requests_storage_bytes)"
                    ),
                    promql(
                        'max by (namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_status_phase{phase="Bound"})'
                    ),
                    promql("sum by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes)"),
                    columns=(
                        Column(field="namespace", title="Namespace", width=120),
                        Column(field="persistentvolumeclaim", title="Claim"),
                        Column(field="Value #A", title="Asked for", unit="bytes"),
                        Column(
                            field="Value #B",
                            title="Bound",
                            mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD)),
                            width=80,
                        ),
                        Column(field="Value #C", title="Used", unit="bytes"),
                    ),
                    description="A folder of a node has no size of its own: its use is not told, and what it asks for is no bound.",
                ),
                bars(
                    "Claims by how full they are",
                    promql(
                        "topk(15, max by (namespace, persistentvolumeclaim)"
                        " (kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes))",
                        "{{namespace}} {{persistentvolumeclaim}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.8, 0.9),
                    description="Only volumes whose driver tells; folders of a node do not.",
                ),
            ),
        ),
    ),
)
