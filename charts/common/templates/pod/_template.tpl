{{- /*
common.pod.template: pod metadata and spec of a controller.
Input: root, id, spec. Output: YAML.
*/ -}}
{{- define "common.pod.template" -}}
{{- $pod := mustMergeOverwrite (deepCopy .root.Values.common.pod) (deepCopy (.spec.pod | default dict)) -}}
metadata:
  labels:
    {{- include "common.labels.selector" (dict "root" .root "component" .id) | nindent 4 }}
    {{- /* Edges to every pod of the platform select by it. */}}
    app.kubernetes.io/part-of: {{ .root.Values.common.partOf }}
    {{- with $pod.labels }}
    {{- include "common.render.map" (dict "root" $.root "map" .) | nindent 4 }}
    {{- end }}
  {{- $checksum := include "common.kinds.configMap.checksum" . }}
  {{- $annotations := mergeOverwrite (ternary (dict "checksum/config" $checksum) dict (ne $checksum "")) ($pod.annotations | default dict) }}
  {{- with $annotations }}
  annotations:
    {{- include "common.render.map" (dict "root" $.root "map" .) | nindent 4 }}
  {{- end }}
spec:
  {{- include "common.pod.spec" (dict "root" .root "id" .id "spec" .spec "pod" $pod) | nindent 2 }}
{{- end -}}
