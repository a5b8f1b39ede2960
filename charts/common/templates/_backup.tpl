{{- /*
common.backup: the copies that the chart's `backup` entries ask for, as one CronJob said in the chart's own words: a controller
`backup`, mounts of the volumes, the account, the edges. What is rendered, checked and judged is then as for any other.
Input: root (its values grow). Output: nothing.
*/ -}}
{{- define "common.backup" -}}
{{- $values := .Values -}}
{{- $facts := $values.global.backup -}}
{{- $entries := include "common.backup.entries" . | fromYaml -}}
{{- if and $facts.enabled $entries -}}
{{- $work := dict "type" "emptyDir" "sizeLimit" "2Gi" "mounts" (dict "backup/restic" (list (dict "path" "/work"))) -}}
{{- $persistence := dict "backup-work" $work -}}
{{- $secrets := dict "backup-repository" (dict "name" $facts.secret "keys" (list "RESTIC_REPOSITORY" "RESTIC_PASSWORD") "purpose" "Repository of the copies") -}}
{{- $egress := dict "backup-repository" (dict "controller" "backup" "to" (dict "peer" $facts.peer) "ports" $facts.ports) -}}
{{- $dumps := dict -}}
{{- $quiet := dict -}}
{{- $pod := dict -}}
{{- range $id, $entry := $entries -}}
{{- if $entry.persistence -}}
{{- $volume := $entry.persistence -}}
{{- $path := printf "/data/%s" $volume -}}
{{- $mounts := dict "backup/restic" (list (dict "path" $path "readOnly" true)) -}}
{{- if $entry.sqlite -}}
{{- $name := printf "sqlite-%s" $volume -}}
{{- $_ := set $dumps $name (include "common.backup.sqlite" (dict "root" $ "entry" $entry) | fromYaml) -}}
{{- $_ := set $mounts (printf "backup/%s" $name) (list (dict "path" $path)) -}}
{{- end -}}
{{- if $entry.quiet -}}
{{- $name := printf "quiet-%s" $volume -}}
{{- /* Before everything that copies. */ -}}
{{- $_ := set $quiet $name (mergeOverwrite (deepCopy $entry.quiet) (dict "order" -1)) -}}
{{- $_ := set $mounts (printf "backup/%s" $name) (list (dict "path" $path)) -}}
{{- end -}}
{{- $_ := set $persistence $volume (dict "mounts" $mounts) -}}
{{- $pod = mergeOverwrite (include "common.backup.owner" (dict "root" $ "volume" $volume) | fromYaml) $pod -}}
{{- else -}}
{{- $file := $entry.database | default $entry.secret -}}
{{- $secret := $entry.secret | default (printf "backup-%s" $file) -}}
{{- $image := $entry.image -}}
{{- $name := dig $secret "database" "" ($values.secrets | default dict) -}}
{{- if $entry.database -}}
{{- $image = (index $values.databases $file).image -}}
{{- $name = include "common.names.object" (dict "root" $ "id" $file) -}}
{{- $_ := set $secrets $secret (dict "database" $name "keys" (list "host" "port" "dbname" "username" "password") "purpose" "Account of the database") -}}
{{- end -}}
{{- $_ := set $dumps (printf "dump-%s" $file) (include "common.backup.dump" (dict "root" $ "file" $file "image" $image "secret" $secret) | fromYaml) -}}
{{- $_ := set $egress (printf "backup-%s" $file) (dict "controller" "backup" "to" (dict "database" $name) "ports" (list 5432)) -}}
{{- end -}}
{{- end -}}
{{- if $dumps -}}
{{- $mounts := dict "backup/restic" (list (dict "path" "/data/dump" "readOnly" true)) -}}
{{- range $name := keys $dumps -}}{{- $_ := set $mounts (printf "backup/%s" $name) (list (dict "path" "/data/dump")) -}}{{- end -}}
{{- $_ := set $persistence "backup-dump" (dict "type" "emptyDir" "mounts" $mounts) -}}
{{- end -}}
{{- $restic := include "common.backup.restic" (dict "root" . "entries" $entries) | fromYaml -}}
{{- /* An alert tells of a copy that failed; to Argo CD it would be a reason to call the application sick and stop a sync. */ -}}
{{- $annotations := dict "argocd.argoproj.io/ignore-healthcheck" "true" -}}
{{- $cron := dict "schedule" (include "common.backup.schedule" (dict "root" . "entries" $entries)) -}}
{{- $job := dict "backoffLimit" 2 "activeDeadlineSeconds" 21600 -}}
{{- $controller := dict "type" "CronJob" "wave" .Values.common.waves.route "annotations" $annotations "cron" $cron "job" $job
      "pod" $pod "sidecars" $quiet "init" $dumps "containers" (dict "restic" $restic) -}}
{{- $more := dict "controllers" (dict "backup" $controller) "persistence" $persistence "secrets" $secrets "network" (dict "egress" $egress) -}}
{{- $_ := mustMergeOverwrite $values $more -}}
{{- end -}}
{{- end -}}

{{- /*
common.backup.entries: the entries that ask for a copy.
Input: root. Output: YAML map.
*/ -}}
{{- define "common.backup.entries" -}}
{{- range $id, $entry := .Values.backup -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (not $entry.optOut) }}
{{ $id | quote }}: {{ toJson $entry }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.backup.owner: pod options of the controller that has a volume, so that who copies it may read it.
Input: root, volume. Output: YAML map, empty when the platform's user has it.
*/ -}}
{{- define "common.backup.owner" -}}
{{- $entry := dig .volume dict (.root.Values.persistence | default dict) -}}
{{- $owner := dict -}}
{{- range $id := keys (.root.Values.controllers | default dict) | sortAlpha | reverse -}}
{{- $spec := index $.root.Values.controllers $id -}}
{{- if and $spec (eq (include "common.pod.mounted" (dict "entry" $entry "id" $id "spec" $spec)) "true") -}}
{{- $owner = dig "pod" "securityContext" dict $spec -}}
{{- end -}}
{{- end -}}
{{- with $owner }}{{ toYaml (dict "securityContext" .) }}{{ end -}}
{{- end -}}

{{- /*
common.backup.dump: writes a database into a file that restic takes; pg_dump reads the rest from its variables.
Input: root, file (without its end), image, secret (identifier of the account). Output: YAML, an init container.
*/ -}}
{{- define "common.backup.dump" -}}
image:
  {{- toYaml .image | nindent 2 }}
command: [pg_dump, --format=custom, {{ printf "--file=/data/dump/%s.dump" .file }}]
env:
  {{- range $variable, $key := dict "PGHOST" "host" "PGPORT" "port" "PGDATABASE" "dbname" "PGUSER" "username" "PGPASSWORD" "password" }}
  {{ $variable }}: {secret: {{ $.secret }}, key: {{ $key }}}
  {{- end }}
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.sqlite: copies SQLite databases as of one moment, beside the volume's other files. A database that is not there
is an error; one that is being written to is waited for. The volume is writable, because SQLite keeps its locks in files.
Input: root, entry. Output: YAML, an init container.
*/ -}}
{{- define "common.backup.sqlite" -}}
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
args: [/data/{{ .entry.persistence }}, /data/dump/{{ .entry.persistence }}, {{ join ", " .entry.sqlite }}]
resources:
  {{- toYaml .root.Values.common.backup.resources | nindent 2 }}
{{- end -}}

{{- /*
common.backup.restic: one copy of everything below /data, and what becomes of the old ones. The first run makes the
repository. A lock of another service is waited for.
Input: root, entries. Output: YAML, a container.
*/ -}}
{{- define "common.backup.restic" -}}
{{- $keep := .root.Values.global.backup.keep -}}
image:
  {{- toYaml .root.Values.common.backup.image | nindent 2 }}
command: [sh, -ec]
args:
  - |
    known=0; restic cat config > /dev/null || known=$?
    case $known in 0) ;; 10) restic init ;; *) exit $known ;; esac
    restic backup --retry-lock 1h --host "$NAMESPACE" --tag "$SERVICE"
    {{- range $id := keys .entries | sortAlpha }}
    {{- $entry := index $.entries $id }}
    {{- range $entry.exclude }} --exclude '/data/{{ $entry.persistence }}/{{ . }}'{{ end }}
    {{- /* Without the files that a writer is changing; their copies are below /data/dump. */ -}}
    {{- range $name := $entry.sqlite }}{{ range $end := list "" "-wal" "-shm" "-journal" }} --exclude '/data/{{ $entry.persistence }}/{{ $name }}{{ $end }}'{{ end }}{{ end }}
    {{- end }} /data
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

{{- /*
common.backup.schedule: services begin at different times, by their names; dumps come first, so that files are never older
than what the database says of them.
Input: root, entries. Output: text.
*/ -}}
{{- define "common.backup.schedule" -}}
{{- $facts := .root.Values.global.backup -}}
{{- $files := false -}}
{{- range .entries -}}{{- if .persistence -}}{{- $files = true -}}{{- end -}}{{- end -}}
{{- $own := adler32sum .root.Chart.Name | int -}}
{{- $minute := $files | ternary (add 30 (mod $own (int $facts.spread))) (mod $own 30) | int -}}
{{ mod $minute 60 }} {{ mod (add (int $facts.hour) (div $minute 60)) 24 }} * * *
{{- end -}}
