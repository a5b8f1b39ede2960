{{- /*
common.kinds.configMap: the files of a config entry; a map becomes YAML, files are templates unless the entry is literal, and the
files of a folder of the chart are included verbatim.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" "" "wave" .root.Values.common.waves.base "spec" .spec) | nindent 2 }}
data:
  {{- include "common.kinds.configMap.data" . | trim | nindent 2 }}
{{- end -}}

{{- /*
common.kinds.configMap.data: file name → text, of the folder of the chart and of `files`, which override it.
Input: root, id, spec. Output: YAML.
*/ -}}
{{- define "common.kinds.configMap.data" -}}
{{- $files := .spec.files | default dict -}}
{{- with .spec.folder -}}
{{- range $path, $content := $.root.Files.Glob (printf "%s/*" .) }}
{{- if not (hasKey $files (base $path)) }}
{{ base $path | quote }}: {{ toString $content | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := keys $files | sortAlpha }}
{{- $content := index $files $name }}
{{- $text := kindIs "string" $content | ternary $content (toYaml $content) }}
{{- if not $.spec.literal }}{{ $text = include "common.render.text" (dict "root" $.root "text" $text) }}{{ end }}
{{ $name | quote }}: {{ toJson $text }}
{{- end }}
{{- end -}}

{{- /*
common.kinds.configMap.checksum: changes with the configuration that the controller reads, so that its pods restart.
Input: root, id, spec (the controller). Output: text, empty when it reads none.
*/ -}}
{{- define "common.kinds.configMap.checksum" -}}
{{- $read := "" -}}
{{- $uses := toJson (pick .spec "containers" "sidecars" "init") -}}
{{- $config := .root.Values.config | default dict -}}
{{- range $id := keys $config | sortAlpha -}}
{{- $entry := index $config $id -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") -}}
{{- $mounted := eq (include "common.pod.mounts.any" (dict "entry" $entry "id" $.id "spec" $.spec)) "true" -}}
{{- if or $mounted (contains (printf "\"config\":%q" $id) $uses) -}}
{{- $read = printf "%s%s" $read (include "common.kinds.configMap.data" (dict "root" $.root "id" $id "spec" $entry)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $read }}{{ sha256sum . }}{{ end -}}
{{- end -}}
