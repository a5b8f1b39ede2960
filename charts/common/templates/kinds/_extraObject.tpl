{{- /*
common.kinds.extraObject: an object that the vocabulary has no word for; a map, or text with values named in it. A second
chart that needs the same is a reason for a new kind.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.extraObject" -}}
{{- if kindIs "string" .spec -}}{{ include "common.render.text" (dict "root" .root "text" .spec) }}
{{- else -}}{{ include "common.render.map" (dict "root" .root "map" (omit .spec "enabled")) }}
{{- end -}}
{{- end -}}
