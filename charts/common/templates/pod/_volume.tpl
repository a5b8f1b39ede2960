{{- /*
common.pod.volume.type: the type of a volume, said or inferred: a `size` makes a claim, a name takes an existing one.
Input: the entry. Output: text.
*/ -}}
{{- define "common.pod.volume.type" -}}
{{- if .type -}}{{ .type }}
{{- else if .existingClaim -}}existingClaim
{{- else -}}claim
{{- end -}}
{{- end -}}

{{- /*
common.pod.volume: the source of a volume.
Input: root, id, spec. Output: YAML.
*/ -}}
{{- define "common.pod.volume" -}}
{{- $type := include "common.pod.volume.type" .spec -}}
{{- if eq $type "claim" -}}
persistentVolumeClaim:
  claimName: {{ include "common.names.object" (dict "root" .root "id" .id) }}
{{- else if eq $type "existingClaim" -}}
persistentVolumeClaim:
  claimName: {{ include "common.render.text" (dict "root" .root "text" .spec.existingClaim) }}
{{- else if eq $type "emptyDir" -}}
{{- $fields := pick .spec "medium" "sizeLimit" -}}
emptyDir:{{ if $fields }}
  {{- toYaml $fields | nindent 2 }}{{ else }} {}{{ end }}
{{- else if eq $type "config" -}}
configMap:
  name: {{ include "common.render.text" (dict "root" .root "text" .spec.name) }}
  {{- with include "common.pod.volume.items" .spec | trim }}{{ nindent 2 . }}{{ end }}
{{- else if eq $type "secret" -}}
secret:
  secretName: {{ include "common.names.secret" (dict "root" .root "id" .spec.secret) }}
  {{- with include "common.pod.volume.items" .spec | trim }}{{ nindent 2 . }}{{ end }}
{{- else if eq $type "hostPath" -}}
hostPath:
  path: {{ .spec.path }}
  {{- with .spec.hostPathType }}
  type: {{ . }}
  {{- end }}
{{- else if eq $type "nfs" -}}
nfs:
  server: {{ .spec.server }}
  path: {{ .spec.path }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.volume.items: which keys of a secret or config map become files, with which mode.
Input: the entry. Output: YAML.
*/ -}}
{{- define "common.pod.volume.items" -}}
{{- with .items }}
items:
  {{- range $key := keys . | sortAlpha }}
  - key: {{ $key | quote }}
    path: {{ index $.items $key | quote }}
  {{- end }}
{{- end }}
{{- with .defaultMode }}
defaultMode: {{ . | int }}
{{- end }}
{{- if .optional }}
optional: true
{{- end }}
{{- end -}}
