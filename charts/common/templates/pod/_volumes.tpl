{{- /*
common.pod.volumes: the volumes that any container of a controller mounts.
Input: root, id, spec. Output: a YAML list.
*/ -}}
{{- define "common.pod.volumes" -}}
{{- range $kind := list "persistence" "config" -}}
{{- $entries := index $.root.Values $kind | default dict -}}
{{- range $id := keys $entries | sortAlpha -}}
{{- $entry := index $entries $id -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (eq (include "common.pod.mounts.any" (dict "entry" $entry "id" $.id "spec" $.spec)) "true") }}
{{- if eq $kind "config" }}
- name: config-{{ $id }}
  configMap:
    name: {{ include "common.names.object" (dict "root" $.root "id" $id) }}
    {{- with $entry.defaultMode }}
    defaultMode: {{ . | int }}
    {{- end }}
{{- else }}
- name: {{ $id }}
  {{- include "common.pod.volumes.source" (dict "root" $.root "id" $id "spec" $entry) | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.pod.volumes.source: the source of a volume.
Input: root, id, spec. Output: YAML.
*/ -}}
{{- define "common.pod.volumes.source" -}}
{{- $type := include "common.pod.volumes.type" .spec -}}
{{- if eq $type "claim" -}}
persistentVolumeClaim:
  claimName: {{ include "common.names.object" (dict "root" .root "id" .id) }}
{{- else if eq $type "existingClaim" -}}
persistentVolumeClaim:
  claimName: {{ include "common.render.text" (dict "root" .root "text" .spec.existingClaim) }}
{{- else if eq $type "ephemeral" -}}
ephemeral:
  volumeClaimTemplate:
    spec:
      {{- include "common.kinds.claim.spec" . | nindent 6 }}
{{- else if eq $type "emptyDir" -}}
{{- $fields := pick .spec "medium" "sizeLimit" -}}
emptyDir:{{ if $fields }}
  {{- toYaml $fields | nindent 2 }}{{ else }} {}{{ end }}
{{- else if eq $type "config" -}}
configMap:
  name: {{ include "common.render.text" (dict "root" .root "text" .spec.name) }}
  {{- with include "common.pod.volumes.items" .spec | trim }}{{ nindent 2 . }}{{ end }}
{{- else if eq $type "secret" -}}
secret:
  secretName: {{ include "common.names.secret" (dict "root" .root "id" .spec.secret) }}
  {{- with include "common.pod.volumes.items" .spec | trim }}{{ nindent 2 . }}{{ end }}
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
common.pod.volumes.type: the type of a volume, set or inferred: a claim by its `size`, an existing claim by its name.
Input: the entry. Output: text.
*/ -}}
{{- define "common.pod.volumes.type" -}}
{{- if .type -}}{{ .type }}
{{- else if .existingClaim -}}existingClaim
{{- else -}}claim
{{- end -}}
{{- end -}}

{{- /*
common.pod.volumes.items: keys of a Secret or ConfigMap that become files, and their mode.
Input: the entry. Output: YAML.
*/ -}}
{{- define "common.pod.volumes.items" -}}
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
