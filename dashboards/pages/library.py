"""Page `media/library`: Sonarr, Radarr, Prowlarr and Jellyfin."""

from __future__ import annotations

from dashboards.model import Colour, Column, Dashboard, Row, bad_from, bars, promql, rising, series, stat, table

UP = ((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))
LIBRARY = Dashboard(
    uid="media-library",
    title="Library",
    folder="media",
    description="Sonarr, Radarr, Prowlarr and Jellyfin, as Scraparr asks them.",
    requires=("scraparr",),
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Applications that do not answer",
                    "count(scraparr_services_up == 0) or vector(0)",
                    thresholds=bad_from(1),
                    description="The application is down, or its API key is another one.",
                ),
                stat(
                    "Downloads that are stuck",
                    "sum(sonarr_queue_error + sonarr_queue_warning) + sum(radarr_queue_error + radarr_queue_warning)",
                    thresholds=bad_from(1),
                    description="Entries of the queues with a warning or an error; open Activity of the application.",
                ),
                stat(
                    "Episodes that are missing",
                    "sum(sonarr_missing_episodes_total)",
                    base=Colour.PLAIN,
                    description="Aired, wanted and not there.",
                ),
                stat(
                    "Films that are missing",
                    "sum(radarr_missing_movies_total)",
                    base=Colour.PLAIN,
                    description="Wanted and not there.",
                ),
                stat(
                    "Indexers that are ill",
                    "count(prowlarr_indexer_healthy == 0) or vector(0)",
                    thresholds=rising(1, 3),
                    description="Prowlarr leaves them out for a while after errors.",
                ),
                stat(
                    "Watching now",
                    "sum(jellyfin_sessions_total) or vector(0)",
                    base=Colour.PLAIN,
                    description="Sessions of Jellyfin; wait for zero before a restart.",
                ),
            ),
        ),
        Row(
            title="Applications",
            panels=(
                table(
                    "Applications",
                    promql("max by (scraparr_services, alias) (scraparr_services_up)"),
                    columns=(
                        Column(field="scraparr_services", title="Application"),
                        Column(field="alias", title="Instance"),
                        Column(field="Value", title="Answers", mappings=UP),
                    ),
                ),
                series(
                    "Queues",
                    promql("sum by (alias) (sonarr_queue_count)", "{{alias}} episodes"),
                    promql("sum by (alias) (radarr_queue_count)", "{{alias}} films"),
                    promql("sum by (alias) (sonarr_queue_error + sonarr_queue_warning)", "{{alias}} episodes stuck"),
                    promql("sum by (alias) (radarr_queue_error + radarr_queue_warning)", "{{alias}} films stuck"),
                    description="A queue that only grows: the client or its VPN does not download.",
                ),
            ),
        ),
        Row(
            title="Library",
            panels=(
                series(
                    "Size",
                    promql("sum by (alias) (sonarr_disk_size_total)", "{{alias}} series"),
                    promql("sum by (alias) (radarr_disk_size_total)", "{{alias}} films"),
                    unit="bytes",
                    stacked=True,
                    width=8,
                ),
                series(
                    "Free where it lies",
                    promql("min by (path) (sonarr_free_disk_size)", "{{path}} (Sonarr)"),
                    promql("min by (path) (radarr_free_disk_size)", "{{path}} (Radarr)"),
                    unit="bytes",
                    width=8,
                    link="/d/platform-storage",
                ),
                series(
                    "Missing",
                    promql("sum by (alias) (sonarr_missing_episodes_total)", "{{alias}} episodes"),
                    promql("sum by (alias) (radarr_missing_movies_total)", "{{alias}} films"),
                    width=8,
                ),
                bars(
                    "Episodes by quality",
                    promql("topk(10, sum by (quality) (sonarr_quality_episodes_total))", "{{quality}}"),
                ),
                bars(
                    "Films by quality",
                    promql("topk(10, sum by (quality) (radarr_quality_movies_total))", "{{quality}}"),
                ),
            ),
        ),
        Row(
            title="Indexers and Jellyfin",
            panels=(
                table(
                    "Indexers",
                    promql("min by (indexer) (prowlarr_indexer_healthy)"),
                    promql("max by (indexer) (prowlarr_indexer_enabled)"),
                    columns=(
                        Column(field="indexer", title="Indexer"),
                        Column(field="Value #A", title="Healthy", mappings=UP),
                        Column(field="Value #B", title="Enabled", mappings=UP),
                    ),
                ),
                series(
                    "Sessions",
                    promql("sum by (user_name) (jellyfin_sessions)", "{{user_name}}"),
                    stacked=True,
                    description="Who watches.",
                ),
            ),
        ),
    ),
)
