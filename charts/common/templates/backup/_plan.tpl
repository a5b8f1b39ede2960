{{- /*
common.backup.plan: what is backed up, by which container, and what is left out: the data that the CronJob is rendered from, and
that `./inv restore` reads from its annotation. `entry` is the key below `backup`, `load` the container that restores the dump of
`container`, `exclude` are paths below `path`. restic reads a SQLite database from its dump, so the files that the application
writes are left out.
Input: root. Output: YAML map (restic, volumes, databases, dump: where dumps are; none without them); empty when nothing is
backed up.
*/ -}}
{{- define "common.backup.plan" -}}
{{- $volumes := list -}}
{{- $databases := list -}}
{{- $dump := "" -}}
{{- range $id, $entry := .Values.backup -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (not $entry.optOut) (ne ($entry.method | default "") "retention") -}}
{{- if $entry.persistence -}}
{{- $volume := dict "entry" $id "path" (printf "/data/%s" $entry.persistence) -}}
{{- $exclude := $entry.exclude | default list -}}
{{- with $entry.sqlite -}}
{{- $dump = "/data/dump" -}}
{{- $container := printf "sqlite-%s" $entry.persistence -}}
{{- $_ := set $volume "sqlite" (dict "container" $container "load" (printf "load-%s" $container) "dump" (printf "%s/%s" $dump $entry.persistence) "files" .) -}}
{{- range $file := . -}}{{- range $end := list "" "-wal" "-shm" "-journal" -}}{{- $exclude = append $exclude (printf "%s%s" $file $end) -}}{{- end -}}{{- end -}}
{{- end -}}
{{- if $entry.quiet -}}{{- $_ := set $volume "quiet" (printf "quiet-%s" $entry.persistence) -}}{{- end -}}
{{- $volumes = append $volumes (set $volume "exclude" $exclude) -}}
{{- else -}}
{{- $dump = "/data/dump" -}}
{{- $name := $entry.database | default $entry.secret -}}
{{- $databases = append $databases (dict "entry" $id "container" (printf "dump-%s" $name) "load" (printf "load-%s" $name) "file" (printf "%s/%s.dump" $dump $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if or $volumes $databases -}}
{{- toYaml (merge (dict "restic" "restic" "volumes" $volumes "databases" $databases) (ternary (dict "dump" $dump) dict (ne $dump ""))) -}}
{{- end -}}
{{- end -}}
