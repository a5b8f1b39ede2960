"""What holds data, and what is said of it."""

from slipway.util import yaml
from slipway.workspace import backups

VALUES = """\
persistence:
  config: {size: 5Gi}
  media: {existingClaim: media}
  tmp: {type: emptyDir}
  old: {size: 1Gi, enabled: false}
  gone: null
controllers:
  app: {volumeClaims: {data: {size: 2Gi}}}
databases:
  app: {size: 3Gi}
backup:
  config: {persistence: config, method: files, exclude: [logs, cache], sqlite: [a.db, b.db], quiet: {image: x}}
  media: {persistence: media, optOut: it comes again}
  app: {database: app, method: database}
  other: {secret: account, method: database, image: x}
"""


def values():
    return yaml.parse(VALUES.encode(), "values.yaml").mapping


def test_claims_and_databases_hold_data_and_nothing_else_does() -> None:
    found = [(".".join(item.path), item.kind, item.detail) for item in backups.holdings(values())]

    assert found == [
        ("persistence.config", "persistence", "5Gi"),
        ("persistence.media", "persistence", "media"),
        ("controllers.app.volumeClaims.data", "persistence", "2Gi"),
        ("databases.app", "database", "3Gi"),
    ]


def test_an_entry_has_a_method_or_a_reason() -> None:
    message = {key: item.description for key, item in backups.kept(values()).items()}

    assert message == {
        (
            "persistence",
            "config",
        ): "files, with a.db, b.db as of one moment, without logs, cache, while the application waits",
        ("persistence", "media"): "no backup: it comes again",
        ("database", "app"): "dump",
        ("secret", "account"): "dump",
    }
