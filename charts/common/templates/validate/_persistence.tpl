{{- /*
common.validate.persistence: a volume is mounted where a container is, and its secret is declared.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.persistence" -}}
{{- with .spec.secret -}}
{{- $where := printf "%s: persistence %s" $.root.Chart.Name $.id -}}
{{- include "common.validate.secret" (dict "root" $.root "id" . "keys" (keys ($.spec.items | default dict) | sortAlpha) "where" $where) -}}
{{- end -}}
{{- include "common.validate.persistence.mounts" (set (pick . "root" "id" "spec") "kind" "persistence") -}}
{{- end -}}

{{- /*
common.validate.persistence.mounts: a mount names a container that exists, as `container` or `controller/container`.
Input: root, id, spec, kind (persistence or config). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.persistence.mounts" -}}
{{- $known := dict -}}
{{- range $id, $spec := .root.Values.controllers -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index ($spec | default dict) $role -}}
{{- $_ := set $known $name true -}}{{- $_ := set $known (printf "%s/%s" $id $name) true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $container, $mounts := .spec.mounts -}}
{{- if not (hasKey $known $container) -}}
{{- fail (printf "%s: %s %s is mounted in the container %q, which does not exist; rename %s.%s.mounts.%s to one of: %s" $.root.Chart.Name $.kind $.id $container $.kind $.id $container (keys $known | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
