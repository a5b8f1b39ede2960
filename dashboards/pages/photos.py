"""Page `media/photos`: Immich's jobs for uploaded photos."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, bad_from, log, promql, series, stat

WORK = {
    "data": ("asset_extract_metadata", "metadata_extraction"),
    "previews": ("asset_generate_thumbnails", "thumbnail_generation"),
    "videos": ("asset_encode_video", "video_conversion"),
    "search": ("smart_search", "smart_search"),
    "faces": ("asset_detect_faces", "face_detection"),
}
"""Processing step of a photo → its job and queue. Source: Immich, server/src/enum.ts."""

PHOTOS = Dashboard(
    uid="media-photos",
    title="Photos",
    folder="media",
    description="Immich's work on what is uploaded, as its two workers tell it.",
    requires=("immich",),
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Photos read, last hour",
                    "sum(increase(immich_jobs_asset_extract_metadata_success_total[1h])) or vector(0)",
                    base=Colour.PLAIN,
                    decimals=0,
                    description="Whose date, place and camera were read: what was uploaded, or read again.",
                ),
                stat(
                    "Previews made, last hour",
                    "sum(increase(immich_jobs_asset_generate_thumbnails_success_total[1h])) or vector(0)",
                    base=Colour.PLAIN,
                    decimals=0,
                    description="As many as photos were uploaded.",
                ),
                stat(
                    "Work that failed, last hour",
                    " + ".join(
                        f"(sum(increase(immich_jobs_{job}_failed_total[1h])) or vector(0))" for job, _ in WORK.values()
                    ),
                    thresholds=bad_from(1),
                    decimals=0,
                    description="A broken file fails for ever, and each night again; many at once are a full disk or a right that is missing.",
                ),
                stat(
                    "Users",
                    "max(immich_users_total)",
                    base=Colour.PLAIN,
                    description="Accounts of this Immich.",
                ),
            ),
        ),
        Row(
            title="Over time",
            panels=(
                series(
                    "Work at once",
                    *(promql(f"sum(immich_queues_{queue}_active)", name) for name, (_, queue) in WORK.items()),
                ),
                series(
                    "Failures",
                    *(
                        promql(f"sum(increase(immich_jobs_{job}_failed_total[$__rate_interval]))", name)
                        for name, (job, _) in WORK.items()
                    ),
                ),
            ),
        ),
        Row(title="Logs", requires=("loki",), panels=(log("What Immich says", '{app="immich"}'),)),
    ),
)
