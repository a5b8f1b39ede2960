{{- /*
common.backup.container.dump: dumps a database to a file that restic backs up; pg_dump reads its connection from variables.
Input: root, file, image, secret (identifier of the account). Output: YAML, an init container.
*/ -}}
{{- define "common.backup.container.dump" -}}
image:
  {{- toYaml .image | nindent 2 }}
command: [pg_dump, --format=custom, {{ printf "--file=%s" .file }}]
env:
  {{- range $variable, $key := dict "PGHOST" "host" "PGPORT" "port" "PGDATABASE" "dbname" "PGUSER" "username" "PGPASSWORD" "password" }}
  {{ $variable }}: {secret: {{ $.secret }}, key: {{ $key }}}
  {{- end }}
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.container.sqlite: copies SQLite databases, each consistent as of one moment. A missing database is an error; one that
is locked is waited for. The volume is writable, because SQLite keeps its locks in files.
Input: root, volume (of the plan). Output: YAML, an init container.
*/ -}}
{{- define "common.backup.container.sqlite" -}}
image:
  {{- toYaml .root.Values.common.backup.sqlite.image | nindent 2 }}
command:
  - python3
  - -c
  - |
    import pathlib, signal, sqlite3, sys
    # Process 1 has no default action.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    volume, dump = map(pathlib.Path, sys.argv[1:3])
    for name in sys.argv[3:]:
        (dump / name).parent.mkdir(parents=True, exist_ok=True)
        source = sqlite3.connect(f"{(volume / name).as_uri()}?mode=rw", uri=True, timeout=600)
        target = sqlite3.connect(dump / name)
        source.backup(target)
        target.close()
        source.close()
args: {{ concat (list .volume.path .volume.sqlite.dump) .volume.sqlite.files | toJson }}
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.container.restic: restic, as a script tells it.
The command has the functions of all scripts, and runs its first argument: a restore gives it another one.

`run`: process 1 does nothing at a signal that it has no handler for, and a shell passes none on. So each program runs in the
background, SIGTERM reaches it, and restic removes its lock before it ends.

`locked`: only `restic unlock` takes the lock of a process away that was killed, once nobody has refreshed it for half an hour; a
living process refreshes its lock every five minutes. On its own host restic takes a lock for stale as soon as it does not see the
process, and it sees only those of its own container; so no two pods may have the same host name, and a pod's is its own.
Whoever died before the first wait is stale after it; the second is for somebody who lives.
Input: root, script. Output: YAML, a container.
*/ -}}
{{- define "common.backup.container.restic" -}}
image:
  {{- toYaml .root.Values.common.backup.image | nindent 2 }}
command:
  - sh
  - -ec
  - |
    trap 'trap "" TERM; set +e; kill "$!" 2> /dev/null; wait "$!"; exit 143' TERM
    run() { "$@" & wait "$!"; }
    locked() {
      for patience in 0s 35m 1h; do
        code=0; run restic "$@" --retry-lock "$patience" || code=$?
        [ "$code" = 11 ] || return "$code"
        run restic unlock || :
      done
      return "$code"
    }
    eval "$0"
args: {{ list .script | toJson }}
env:
  NAMESPACE: {field: metadata.namespace}
  SERVICE: {{ .root.Chart.Name }}
  RESTIC_CACHE_DIR: /work/cache
  TMPDIR: /work
envFrom:
  backup-repository: {secret: backup-repository}
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.container.repository: creates the repository, and waits until nobody holds it alone.
Input: nothing. Output: text, a script.
*/ -}}
{{- define "common.backup.container.repository" -}}
known=0; locked list keys || known=$?
case "$known" in 0) ;; 10) run restic init ;; *) exit "$known" ;; esac
{{- end -}}

{{- /*
common.backup.container.copy: one snapshot of everything below /data.
Input: plan. Output: text, a script.
*/ -}}
{{- define "common.backup.container.copy" -}}
locked backup --host "$NAMESPACE" --tag "$SERVICE"
{{- range $volume := .plan.volumes }}{{ range $volume.exclude }} --exclude '{{ $volume.path }}/{{ . }}'{{ end }}{{ end }} /data
{{- end -}}

{{- /*
common.backup.container.retention: the retention policy of every service of the namespace, and once a week what it made free and
whether the repository is whole. One that fails stops no other; without a repository there is nothing to do.
Input: root. Output: text, a script.
*/ -}}
{{- define "common.backup.container.retention" -}}
{{- $keep := .root.Values.global.backup.keep -}}
known=0; locked list keys || known=$?
case "$known" in 0) ;; 10) exit 0 ;; *) exit "$known" ;; esac
failed=0
locked forget --host "$NAMESPACE" --group-by host,tags --keep-daily {{ $keep.daily }} --keep-weekly {{ $keep.weekly }} --keep-monthly {{ $keep.monthly }} || failed=$?
if [ "$(date +%u)" = 7 ]; then
  locked prune || failed=$?
  locked check || failed=$?
fi
exit "$failed"
{{- end -}}
