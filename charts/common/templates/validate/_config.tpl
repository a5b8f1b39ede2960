{{- /*
common.validate.config: a config entry has files, and is mounted where a container is.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.config" -}}
{{- if not (or .spec.files .spec.folder) -}}
{{- fail (printf "%s: config %s has no file; add config.%s.files or config.%s.folder" .root.Chart.Name .id .id .id) -}}
{{- end -}}
{{- if and .spec.folder (not (.root.Files.Glob (printf "%s/*" .spec.folder))) -}}
{{- fail (printf "%s: config %s reads the folder %q, which has no file" .root.Chart.Name .id .spec.folder) -}}
{{- end -}}
{{- include "common.validate.persistence.mounts" (set (pick . "root" "id" "spec") "kind" "config") -}}
{{- end -}}

{{- /*
common.validate.config.keys: a config entry that is read exists, with every file that is read.
Input: root, id (of the entry), keys, where (who reads it). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.config.keys" -}}
{{- $config := index (.root.Values.config | default dict) .id -}}
{{- if not (and $config (eq (include "common.render.enabled" $config) "true")) -}}
{{- fail (printf "%s uses the config %q, which does not exist or is disabled; add config.%s" .where .id .id) -}}
{{- end -}}
{{- $files := include "common.kinds.configMap.data" (dict "root" .root "id" .id "spec" $config) | fromYaml -}}
{{- range .keys -}}
{{- if not (hasKey $files .) -}}
{{- fail (printf "%s uses the file %q of the config %q, which does not have it; add it to config.%s.files" $.where . $.id $.id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
