{{- /*
common.backup.check.newest: what the repository has: the snapshots of the service, and what the last drill recorded.
A container ends with 65 when it has found that the backup is bad: `common.backup.drill` has the Job try no second time. Everything
else, such as a repository that does not answer, is tried again.
Input: root, plan. Output: text, a script.
*/ -}}
{{- define "common.backup.check.newest" -}}
known() { locked "$@" --host "$NAMESPACE" || { code=$?; echo "drill failed: the repository of $SERVICE cannot be read: exit code $code" >&2; exit "$code"; }; }
known snapshots --json --tag "$SERVICE" > /work/snapshots.json
known snapshots --json --tag "drill/$SERVICE" > /work/drills.json
case "$(cat /work/drills.json)" in *short_id*) known dump --tag "drill/$SERVICE" latest /work/drill.json > /work/last.json ;; esac
{{- end -}}

{{- /*
common.backup.check.recent: the newest snapshot is no older than the schedule allows, and newer than that of the last drill. The
same one is drilled again only as long as there need not be another.
Input: nothing. Output: text, Python; arguments: folder, service, seconds.
*/ -}}
{{- define "common.backup.check.recent" -}}
import datetime, json, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
work, service, limit = pathlib.Path(sys.argv[1]), sys.argv[2], datetime.timedelta(seconds=int(sys.argv[3]))
moment = datetime.datetime.fromisoformat

def failed(why):
    print(f"drill failed: {why}", file=sys.stderr)
    sys.exit(65)

found = json.loads((work / "snapshots.json").read_text().splitlines()[-1])
if not found:
    failed(f"{service} has no snapshot")
newest = max(found, key=lambda item: moment(item["time"]))
taken, today = moment(newest["time"]), datetime.datetime.now(datetime.timezone.utc)
name = f"snapshot {newest['short_id']} of {taken:%Y-%m-%d %H:%M}"
if today - taken > limit:
    failed(f"the newest copy of {service} is old: {name} has an age of {today - taken}, the schedule allows {limit}")
if (work / "last.json").exists():
    last = json.loads((work / "last.json").read_text())
    before = f"snapshot {last['snapshot'][:8]} of {moment(last['taken']):%Y-%m-%d %H:%M}, which the last drill had"
    if taken < moment(last["taken"]):
        failed(f"the newest copy of {service} is {name}, older than {before}: a newer one was removed, or this is a copy of the repository")
    if taken == moment(last["taken"]) and today - moment(last["drilled"]) > limit:
        failed(f"there is no copy of {service} since {before}")
(work / "snapshot").write_text(newest["id"])
record = {"service": service, "snapshot": newest["id"], "taken": newest["time"], "drilled": today.isoformat()}
(work / "drill.json").write_text(json.dumps(record))
print(f"{name} is the newest of {len(found)}")
{{- end -}}

{{- /*
common.backup.check.restore: restores each volume and the dumps, and compares what was written with the snapshot. A volume that is
only read leaves its list of files: every byte comes out of the repository, where restic compares it with its hash.
Input: root, plan. Output: text, a script.
*/ -}}
{{- define "common.backup.check.restore" -}}
id="$(cat /work/snapshot)"
whole() { what="$1"; shift; locked "$@" || { code=$?; echo "drill failed: $what of snapshot $id cannot be restored: exit code $code; restic check --read-data lists what is damaged" >&2; find /data -mindepth 2 -delete || :; exit "$code"; }; }
{{- range $volume := .plan.volumes }}
{{- if eq (dig "drill" "method" "restore" (index $.root.Values.backup $volume.entry)) "read" }}
whole {{ $volume.path }} ls --json --recursive "$id" {{ $volume.path }} > /work/list-{{ base $volume.path }}.json
whole {{ $volume.path }} dump --archive tar "$id" {{ $volume.path }} > /dev/null
{{- else }}
whole {{ $volume.path }} restore "$id:{{ $volume.path }}" --target {{ $volume.path }} --verify
{{- end }}
{{- end }}
{{- with .plan.dump }}
whole {{ . }} restore "$id:{{ . }}" --target {{ . }} --verify
{{- end }}
{{- end -}}

{{- /*
common.backup.check.load: loads a dump into a server that ends with the container, and counts its tables. The words between
pg_restore and psql are those of a restore, so that they are drilled too; but the accounts of the server are not here.
Input: root, database (of the plan), image, preload (libraries). Output: YAML, an init container.
*/ -}}
{{- define "common.backup.check.load" -}}
image:
  {{- toYaml .image | nindent 2 }}
command: [bash, -eo, pipefail, -c]
args:
  - |
    trap 'exit 143' TERM
    failed() {
      tail -n 20 /database/log >&2 || :
      pg_ctl stop --pgdata=/database/data --mode=immediate --silent || :
      echo "drill failed: $1" >&2
      exit 65
    }
    {
    initdb --pgdata=/database/data --username=postgres --encoding=UTF8 --locale=C --auth=trust --no-sync > /database/log || failed 'no server to load the dump into'
    pg_ctl start --pgdata=/database/data --log=/database/log --wait --silent --options="$SERVER" || failed 'no server to load the dump into'
    pg_restore --no-owner --no-acl --no-comments --file - {{ .database.file }} |
      sed "/^SELECT pg_catalog/s/set_config('search_path', ''/set_config('search_path', 'public'/" |
      psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --output /dev/null || failed 'the dump {{ base .database.file }} cannot be loaded'
    tables="$(psql --no-psqlrc --tuples-only --no-align --command "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")"
    [ "$tables" -gt 0 ] || failed 'the dump {{ base .database.file }} has no table'
    echo "$tables" > /work/{{ .database.load }}
    echo "{{ base .database.file }} has $tables tables"
    pg_ctl stop --pgdata=/database/data --mode=immediate --silent
    } & wait "$!"
env:
  PGHOST: /work
  PGUSER: postgres
  SERVER: -c listen_addresses= -c unix_socket_directories=/work -c fsync=off -c full_page_writes=off{{ with .preload }} -c shared_preload_libraries={{ join "," . }}{{ end }}
# The server has no name for another user; the image's own is the operator's, too.
securityContext: {runAsUser: 26, runAsGroup: 26}
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.check.opens: counts what came back, and lets SQLite check its databases.
Input: nothing. Output: text, Python; arguments: folder, what `common.backup.drill.expected` has.
*/ -}}
{{- define "common.backup.check.opens" -}}
import json, pathlib, signal, sqlite3, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
work, expected = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
record = json.loads((work / "drill.json").read_text())
name = f"snapshot {record['snapshot'][:8]}"

def failed(why):
    print(f"drill failed: {why}", file=sys.stderr)
    sys.exit(65)

def sizes(volume):
    if volume["read"]:
        with (work / f"list-{pathlib.PurePosixPath(volume['path']).name}.json").open() as lines:
            yield from (node.get("size", 0) for node in map(json.loads, lines) if node.get("type") == "file")
        return
    for path in pathlib.Path(volume["path"]).rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.stat().st_size

def tables(path, title):
    try:
        database = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)
        found = [text for (text,) in database.execute("PRAGMA integrity_check")]
        number = database.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()[0]
        database.close()
    except sqlite3.Error as error:
        found, number = [str(error)], 0
    if found != ["ok"]:
        failed(f"the database {title} of {name} is damaged: {'; '.join(found[:5])}")
    if not number:
        failed(f"the database {title} of {name} has no table")
    return number

for volume in expected["volumes"]:
    title = pathlib.PurePosixPath(volume["path"]).name
    found = list(sizes(volume))
    for file in volume["sqlite"]:
        path = pathlib.Path(volume["dump"], file)
        record.setdefault("tables", {})[f"{title}/{file}"] = tables(path, f"{title}/{file}")
        found.append(path.stat().st_size)
    if not sum(found) and not volume["mayBeEmpty"]:
        failed(f"{title} of {name} is empty")
    record.setdefault("volumes", {})[title] = {"files": len(found), "bytes": sum(found)}
    print(f"{title} has {len(found)} files, {sum(found)} bytes")
for load in expected["databases"]:
    record.setdefault("tables", {})[load.removeprefix("load-")] = int((work / load).read_text())
(work / "drill.json").write_text(json.dumps(record))
{{- end -}}

{{- /*
common.backup.check.record: keeps what the drill found beside what it restored, where the retention of the namespace applies to it.
No service has its tag: a name has no slash.
Input: root, plan. Output: text, a script.
*/ -}}
{{- define "common.backup.check.record" -}}
locked backup --quiet --host "$NAMESPACE" --tag "drill/$SERVICE" /work/drill.json
echo "drill passed: $(cat /work/drill.json)"
{{- end -}}
