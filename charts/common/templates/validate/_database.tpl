{{- /*
common.validate.database: a database can begin with what it is told, and write beside it; whoever reads an account reaches its
database, and no other.
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
{{- $accounts := dict -}}
{{- range $id, $secret := .Values.secrets -}}
{{- with dig "database" "" ($secret | default dict) -}}{{- $_ := set $accounts . $id -}}{{- end -}}
{{- end -}}
{{- $reached := dict -}}
{{- range $name, $edge := dig "network" "egress" dict .Values -}}
{{- with dig "to" "database" "" ($edge | default dict) -}}
{{- $_ := set $reached . $name -}}
{{- if not (hasKey $accounts .) -}}
{{- fail (printf "%s: network.egress.%s leads to the database %q, whose account no secret is; set it to one of: %s, or add secrets with `database: %s`" $.Chart.Name $name . (keys $accounts | sortAlpha | join ", " | default "none") .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $database, $id := $accounts -}}
{{- if and (not (hasKey $reached $database)) (ne (toString (dig "enabled" true ($.Values.network | default dict))) "false") -}}
{{- fail (printf "%s: secrets.%s is the account of the database %q, which no edge leads to; add network.egress with `to: {database: %s}`" $.Chart.Name $id $database $database) -}}
{{- end -}}
{{- end -}}
{{- end -}}
