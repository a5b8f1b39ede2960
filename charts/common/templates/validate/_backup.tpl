{{- /*
common.validate.backup: each volume or database is backed up by one entry, and exists; the controllers of the backups are the library's.
Input: root, before the controller is added. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.backup" -}}
{{- range $id := list "backup" "drill" "retention" -}}
{{- if hasKey ($.Values.controllers | default dict) $id -}}
{{- fail (printf "%s: the controller %s is reserved for the library; rename controllers.%s" $.Chart.Name $id $id) -}}
{{- end -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $id, $entry := .Values.backup -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (not $entry.optOut) (ne ($entry.method | default "") "retention") -}}
{{- $kind := empty $entry.secret | ternary (empty $entry.database | ternary "persistence" "databases") "secrets" -}}
{{- $name := $entry.secret | default $entry.database | default $entry.persistence -}}
{{- $what := printf "%s.%s" $kind $name -}}
{{- $spec := index (index $.Values $kind | default dict) $name -}}
{{- if not (and $spec (eq (include "common.render.enabled" $spec) "true")) -}}
{{- fail (printf "%s: backup %s is of %s, which does not exist or is disabled; add it, or set backup.%s to null" $.Chart.Name $id $what $id) -}}
{{- end -}}
{{- if and $entry.secret (not $spec.database) -}}
{{- fail (printf "%s: backup %s dumps the database of %s, which names none; set %s.database" $.Chart.Name $id $what $what) -}}
{{- end -}}
{{- if and $entry.persistence (not (has (include "common.pod.volumes.type" $spec) (list "claim" "existingClaim"))) -}}
{{- fail (printf "%s: backup %s is of %s, which is not a claim; set backup.%s to null" $.Chart.Name $id $what $id) -}}
{{- end -}}
{{- if hasKey $seen $what -}}
{{- fail (printf "%s: backup %s and %s are both of %s; merge them into one entry" $.Chart.Name (get $seen $what) $id $what) -}}
{{- end -}}
{{- $_ := set $seen $what $id -}}
{{- end -}}
{{- end -}}
{{- end -}}
