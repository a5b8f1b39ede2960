{{- /*
common.kinds.extraObject: an object that the vocabulary has no word for; a map, which gets the recommended labels besides its
own, or text with values named in it. A second chart that needs the same is a reason for a new kind.
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
{{ include "common.render.map" (dict "root" .root "map" $object) }}
{{- end -}}
{{- end -}}
