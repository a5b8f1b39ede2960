"""Page `platform/nodes`: CPU, memory, disks and network of the nodes."""

from __future__ import annotations

from dashboards.model import Colour, Column, Dashboard, Row, Variable, promql, rising, series, table

REAL_FS = 'fstype!~"tmpfs|overlay|ramfs|squashfs|iso9660"'

NODES = Dashboard(
    uid="platform-nodes",
    title="Nodes",
    folder="platform",
    description="Machines: processors, memory, disks, network, clock and temperature.",
    variables=(Variable(name="node", title="Node", metric="node_uname_info", label="node"),),
    rows=(
        Row(
            title="State",
            panels=(
                table(
                    "Nodes",
                    promql(
                        'sum by (node) (kube_node_status_condition{condition="Ready", status="true", node=~"$node"})'
                    ),
                    promql('sum by (node) (time() - node_boot_time_seconds{node=~"$node"})'),
                    promql('max by (node) (node:processor_busy:ratio{node=~"$node"})'),
                    promql('max by (node) (1 - node:memory_available:ratio{node=~"$node"})'),
                    promql(
                        f'max by (node) (1 - node_filesystem_avail_bytes{{{REAL_FS}, node=~"$node"}} / node_filesystem_size_bytes)'
                    ),
                    columns=(
                        Column(field="node", title="Node"),
                        Column(
                            field="Value #A", title="Ready", mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))
                        ),
                        Column(field="Value #B", title="Up since", unit="s"),
                        Column(field="Value #C", title="Processors", unit="percentunit", thresholds=rising(0.8, 0.95)),
                        Column(field="Value #D", title="Memory", unit="percentunit", thresholds=rising(0.85, 0.95)),
                        Column(field="Value #E", title="Fullest disk", unit="percentunit", thresholds=rising(0.8, 0.9)),
                    ),
                    width=16,
                    height=6,
                ),
                table(
                    "Conditions that are wrong",
                    promql(
                        'sum by (node, condition) (kube_node_status_condition{condition!="Ready", status="true", node=~"$node"} == 1)'
                    ),
                    columns=(
                        Column(field="node", title="Node"),
                        Column(field="condition", title="Condition"),
                        Column(field="Value", title="Set", width=80),
                    ),
                    description="Memory, disk or process numbers run out: the kubelet ends pods to save the node.",
                    width=8,
                    height=6,
                ),
            ),
        ),
        Row(
            title="Processors and memory",
            panels=(
                series(
                    "What the processors do",
                    promql(
                        'sum by (node, mode) (rate(node_cpu_seconds_total{mode!="idle", node=~"$node"}[$__rate_interval]))',
                        "{{node}} {{mode}}",
                    ),
                    unit="cores",
                    stacked=True,
                    description="iowait is time that waits for disks; steal is time that a hypervisor gave to others.",
                ),
                series(
                    "Load for each processor",
                    promql(
                        'node_load5{node=~"$node"} / count without (cpu, mode) (node_cpu_seconds_total{mode="idle"})',
                        "{{node}}",
                    ),
                    thresholds=rising(1, 2),
                    description="Above one, work waits for a processor or a disk.",
                ),
                series(
                    "Memory",
                    promql(
                        'node_memory_MemTotal_bytes{node=~"$node"} - node_memory_MemAvailable_bytes', "{{node}} used"
                    ),
                    promql('node_memory_MemTotal_bytes{node=~"$node"}', "{{node}} all"),
                    unit="bytes",
                    description="Used is what could not be given to somebody else.",
                ),
                series(
                    "Waiting for memory, disk or processor",
                    promql(
                        'rate(node_pressure_memory_waiting_seconds_total{node=~"$node"}[$__rate_interval])',
                        "{{node}} memory",
                    ),
                    promql(
                        'rate(node_pressure_io_waiting_seconds_total{node=~"$node"}[$__rate_interval])', "{{node}} disk"
                    ),
                    promql(
                        'rate(node_pressure_cpu_waiting_seconds_total{node=~"$node"}[$__rate_interval])',
                        "{{node}} processor",
                    ),
                    unit="percentunit",
                    description="Share of the time in which at least one process waits; the kernel's own measure of too little.",
                ),
            ),
        ),
        Row(
            title="Disks and network",
            panels=(
                series(
                    "Disk busy",
                    promql(
                        'rate(node_disk_io_time_seconds_total{node=~"$node"}[$__rate_interval])', "{{node}} {{device}}"
                    ),
                    unit="percentunit",
                    maximum=1,
                    thresholds=rising(0.8, 0.95),
                    width=8,
                    description="Share of the time in which a disk has something to do.",
                ),
                series(
                    "Disk reads and writes",
                    promql(
                        'rate(node_disk_read_bytes_total{node=~"$node"}[$__rate_interval])', "{{node}} {{device}} read"
                    ),
                    promql(
                        'rate(node_disk_written_bytes_total{node=~"$node"}[$__rate_interval])',
                        "{{node}} {{device}} written",
                    ),
                    unit="Bps",
                    width=8,
                ),
                series(
                    "Network",
                    promql(
                        'rate(node_network_receive_bytes_total{node=~"$node", device!~"lo|veth.*|cni.*|flannel.*"}[$__rate_interval])',
                        "{{node}} {{device}} in",
                    ),
                    promql(
                        'rate(node_network_transmit_bytes_total{node=~"$node", device!~"lo|veth.*|cni.*|flannel.*"}[$__rate_interval])',
                        "{{node}} {{device}} out",
                    ),
                    unit="Bps",
                    width=8,
                ),
                series(
                    "Network errors and losses",
                    promql(
                        'rate(node_network_receive_errs_total{node=~"$node"}[$__rate_interval]) + rate(node_network_transmit_errs_total{node=~"$node"}[$__rate_interval])',
                        "{{node}} {{device}} errors",
                    ),
                    promql(
                        'rate(node_network_receive_drop_total{node=~"$node"}[$__rate_interval]) + rate(node_network_transmit_drop_total{node=~"$node"}[$__rate_interval])',
                        "{{node}} {{device}} lost",
                    ),
                    unit="pps",
                    width=8,
                    description="A bad cable, a full queue, or a wrong frame size.",
                ),
                series(
                    "Clock",
                    promql('node_timex_offset_seconds{node=~"$node"}', "{{node}}"),
                    unit="s",
                    minimum=None,
                    width=8,
                    link="/d/alert-NodeClockWrong",
                    description="How far the clock is from the time servers; certificates and one-time codes depend on it.",
                ),
                series(
                    "Temperature",
                    promql('max by (node, chip) (node_hwmon_temp_celsius{node=~"$node"})', "{{node}} {{chip}}"),
                    unit="celsius",
                    thresholds=rising(75, 90),
                    width=8,
                    description="The hottest sensor of each chip.",
                ),
            ),
        ),
    ),
)
