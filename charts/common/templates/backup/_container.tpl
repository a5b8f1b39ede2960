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
    import pathlib, sqlite3, sys
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
common.backup.container.restic: one snapshot of everything below /data, then the retention policy. The first run creates the
repository. A lock of another service is waited for.
Input: root, plan. Output: YAML, a container.
*/ -}}
{{- define "common.backup.container.restic" -}}
{{- $keep := .root.Values.global.backup.keep -}}
image:
  {{- toYaml .root.Values.common.backup.image | nindent 2 }}
command: [sh, -ec]
args:
  - |
    known=0; restic cat config > /dev/null || known=$?
    case $known in 0) ;; 10) restic init ;; *) exit $known ;; esac
    restic backup --retry-lock 1h --host "$NAMESPACE" --tag "$SERVICE"
    {{- range $volume := .plan.volumes }}{{ range $volume.exclude }} --exclude '{{ $volume.path }}/{{ . }}'{{ end }}{{ end }} /data
    restic forget --retry-lock 1h --host "$NAMESPACE" --tag "$SERVICE" --group-by host,tags --keep-daily {{ $keep.daily }} --keep-weekly {{ $keep.weekly }} --keep-monthly {{ $keep.monthly }}
    if [ "$(date +%u)" = 7 ]; then restic prune --retry-lock 1h; restic check --retry-lock 1h; fi
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
