{{- /*
common.kinds.extraObject: an object of a kind without values of its own: a map, which gets the recommended labels besides its own,
or a template. An IngressRoute among them, in a chart without `route`, has the annotations of the dashboard. A second chart with
the same object is a reason for a new kind.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.extraObject" -}}
{{- if kindIs "string" .spec -}}{{ include "common.render.text" (dict "root" .root "text" .spec) }}
{{- else -}}
{{- $object := deepCopy (omit .spec "enabled") -}}
{{- $labels := include "common.labels.object" (dict "root" .root "component" "") | fromYaml -}}
{{- $metadata := $object.metadata | default dict -}}
{{- $_ := set $metadata "labels" (mergeOverwrite $labels ($metadata.labels | default dict)) -}}
{{- $_ := set $object "metadata" $metadata -}}
{{- $text := include "common.render.map" (dict "root" .root "map" $object) -}}
{{- $shown := "" -}}
{{- if and (eq (toString $object.kind) "IngressRoute") (not .root.Values.route) -}}
{{- $shown = include "common.kinds.dashboard" (dict "root" .root "id" .id "host" "" "url" "") | trim -}}
{{- end -}}
{{- if $shown -}}
{{ toYaml (mergeOverwrite ($text | fromYaml) (dict "metadata" (dict "annotations" ($shown | fromYaml)))) }}
{{- else -}}
{{ $text }}
{{- end -}}
{{- end -}}
{{- end -}}
