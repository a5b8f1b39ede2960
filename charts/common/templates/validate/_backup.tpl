{{- /*
common.validate.backup: what is copied is there, and nothing else is called as the copies' controller.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.backup" -}}
{{- if hasKey (.Values.controllers | default dict) "backup" -}}
{{- fail (printf "%s: the controller backup is the library's own; rename controllers.backup" .Chart.Name) -}}
{{- end -}}
{{- range $id, $entry := .Values.backup -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (not $entry.optOut) -}}
{{- $kind := empty $entry.secret | ternary (empty $entry.database | ternary "persistence" "databases") "secrets" -}}
{{- $name := $entry.secret | default $entry.database | default $entry.persistence -}}
{{- $what := dig $name dict (index $.Values $kind | default dict) -}}
{{- if or (not $what) (ne (include "common.render.enabled" $what) "true") -}}
{{- fail (printf "%s: backup %s copies %s.%s, which does not exist or is off; add it, or set backup.%s to null" $.Chart.Name $id $kind $name $id) -}}
{{- end -}}
{{- if and $entry.secret (not $what.database) -}}
{{- fail (printf "%s: backup %s dumps with secrets.%s, which is no account of a database; set secrets.%s.database" $.Chart.Name $id $name $name) -}}
{{- end -}}
{{- if and $entry.persistence (not (has (include "common.pod.volume.type" $what) (list "claim" "existingClaim"))) -}}
{{- fail (printf "%s: backup %s copies persistence.%s, which is no claim and ends with its pod; set backup.%s to null" $.Chart.Name $id $name $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
