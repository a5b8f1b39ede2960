{{- /*
common.validate.database: a database can begin with what it is told, and write beside it.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.database" -}}
{{- range $id, $spec := .Values.databases -}}
{{- if and $spec (eq (include "common.render.enabled" $spec) "true") -}}
{{- $name := include "common.names.object" (dict "root" $ "id" $id) -}}
{{- $from := dig "recovery" "objectStore" "" $spec -}}
{{- if and $from (eq $from (dig "objectStore" "name" "" $spec)) (eq (dig "recovery" "server" $name $spec) (dig "objectStore" "server" $name $spec)) -}}
{{- fail (printf "%s: database %s would write into the history that it is recovered from; set databases.%s.objectStore.server to a new name" $.Chart.Name $id $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
