{{- /*
common.pod.mounts: volume mounts of a container, of volumes and of configuration files.
Input: root, controller, id, owner. Output: a YAML list.
*/ -}}
{{- define "common.pod.mounts" -}}
{{- range $kind := list "persistence" "config" -}}
{{- $entries := index $.root.Values $kind | default dict -}}
{{- range $id := keys $entries | sortAlpha -}}
{{- $entry := index $entries $id -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") -}}
{{- $mounts := include "common.pod.mounts.of" (dict "entry" $entry "controller" $.controller "container" $.id) | fromYamlArray -}}
{{- range $mounts }}
- name: {{ eq $kind "config" | ternary (printf "config-%s" $id) $id }}
  {{- include "common.pod.mounts.fields" (dict "mount" . "readOnly" (eq $kind "config")) | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $id := keys (.owner.volumeClaims | default dict) | sortAlpha -}}
{{- $entry := index $.owner.volumeClaims $id -}}
{{- $mounts := include "common.pod.mounts.of" (dict "entry" $entry "controller" $.controller "container" $.id) | fromYamlArray -}}
{{- range $mounts }}
- name: {{ $id }}
  {{- include "common.pod.mounts.fields" (dict "mount" . "readOnly" false) | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.pod.mounts.fields: one mount's fields after its name.
Input: mount (path, subPath, file, readOnly, mountPropagation), readOnly (the default). Output: YAML.
*/ -}}
{{- define "common.pod.mounts.fields" -}}
mountPath: {{ .mount.path }}
{{- with .mount.subPath | default .mount.file }}
subPath: {{ . | quote }}
{{- end }}
{{- if dig "readOnly" .readOnly .mount }}
readOnly: true
{{- end }}
{{- with .mount.mountPropagation }}
mountPropagation: {{ . }}
{{- end }}
{{- end -}}

{{- /*
common.pod.mounts.of: the mounts of an entry in a container, whether addressed as `container` or `controller/container`.
Input: entry, controller, container. Output: a YAML list, empty when it is not mounted there.
*/ -}}
{{- define "common.pod.mounts.of" -}}
{{- $mounts := .entry.mounts | default dict -}}
{{- $found := concat (index $mounts .container | default list) (index $mounts (printf "%s/%s" .controller .container) | default list) -}}
{{- with $found }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /*
common.pod.mounts.any: whether any container of a controller mounts an entry.
Input: entry, id (the controller's), spec (the controller). Output: `true` or `false`.
*/ -}}
{{- define "common.pod.mounts.any" -}}
{{- $mounted := false -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := (index $.spec $role | default dict) -}}
{{- if include "common.pod.mounts.of" (dict "entry" $.entry "controller" $.id "container" $name) -}}{{- $mounted = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $mounted -}}
{{- end -}}
