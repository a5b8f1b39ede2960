{{- /*
common.pod.env: environment variables by name.
Input: root, env (name → text, number, boolean or reference). Output: a YAML list.
*/ -}}
{{- define "common.pod.env" -}}
{{- range $name := keys (.env | default dict) | sortAlpha }}
{{- $value := index $.env $name }}
{{- $entry := kindIs "map" $value | ternary $value dict }}
{{- if and (not (kindIs "invalid" $value)) (eq (include "common.render.required" (dict "root" $.root "entry" $entry)) "true") }}
- name: {{ $name | quote }}
  {{- if kindIs "map" $value }}
  valueFrom:
    {{- include "common.pod.env.reference" (dict "root" $.root "value" $value) | nindent 4 }}
  {{- else }}
  {{- /* The API server omits an empty text. */}}
  {{- $text := include "common.pod.env.text" (dict "root" $.root "value" $value) }}
  {{- if ne $text `""` }}
  value: {{ $text }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.env.text: a scalar as a quoted text; Helm reads integers as floats, which are rendered as integers.
Input: root, value. Output: quoted text.
*/ -}}
{{- define "common.pod.env.text" -}}
{{- $value := .value -}}
{{- if kindIs "float64" $value -}}{{- if eq $value (floor $value) -}}{{- $value = int64 $value -}}{{- end -}}{{- end -}}
{{ include "common.render.text" (dict "root" .root "text" $value) | quote }}
{{- end -}}

{{- /*
common.pod.env.reference: source of a variable's value.
Input: root, value (one of secret+key, config+key, field, resource). Output: YAML.
*/ -}}
{{- define "common.pod.env.reference" -}}
{{- with .value.secret -}}
secretKeyRef:
  name: {{ include "common.names.secret" (dict "root" $.root "id" .) }}
  key: {{ $.value.key | quote }}
  {{- if $.value.optional }}
  optional: true
  {{- end }}
{{- end -}}
{{- with .value.config -}}
configMapKeyRef:
  name: {{ include "common.names.object" (dict "root" $.root "id" .) }}
  key: {{ $.value.key | quote }}
{{- end -}}
{{- with .value.field -}}
fieldRef:
  fieldPath: {{ . }}
{{- end -}}
{{- with .value.resource -}}
resourceFieldRef:
  resource: {{ . }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.env.from: all keys of Secrets and ConfigMaps as variables.
Input: root, envFrom (identifier → {secret} or {config}). Output: a YAML list.
*/ -}}
{{- define "common.pod.env.from" -}}
{{- range $id := keys (.envFrom | default dict) | sortAlpha }}
{{- $source := index $.envFrom $id }}
{{- with $source.secret }}
- secretRef:
    name: {{ include "common.names.secret" (dict "root" $.root "id" .) }}
    {{- if $source.optional }}
    optional: true
    {{- end }}
{{- end }}
{{- with $source.config }}
- configMapRef:
    name: {{ include "common.names.object" (dict "root" $.root "id" .) }}
{{- end }}
{{- end -}}
{{- end -}}
