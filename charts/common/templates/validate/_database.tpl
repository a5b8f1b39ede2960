{{- /*
common.validate.database: a recovered database archives to another place than the one it recovers from.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.database" -}}
{{- $name := include "common.names.object" . -}}
{{- $from := dig "recovery" "objectStore" "" .spec -}}
{{- if and $from (eq $from (dig "objectStore" "name" "" .spec)) (eq (dig "recovery" "server" $name .spec) (dig "objectStore" "server" $name .spec)) -}}
{{- fail (printf "%s: database %s would write to the WAL archive that it recovers from; set databases.%s.objectStore.server to a new name" .root.Chart.Name .id .id) -}}
{{- end -}}
{{- end -}}
