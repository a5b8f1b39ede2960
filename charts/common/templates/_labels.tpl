{{- /*
common.labels.selector: labels that select the pods of a controller. They never change between versions: the fields that use them
are immutable.
Input: root, component (a controller's id; empty: every pod of the chart). Output: YAML.
*/ -}}
{{- define "common.labels.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- /*
common.labels.object: labels of an object.
Input: root, component (may be empty). Output: YAML.
*/ -}}
{{- define "common.labels.object" -}}
{{ include "common.labels.selector" . }}
{{- with .root.Chart.AppVersion }}
app.kubernetes.io/version: {{ . | replace "+" "_" | trunc 63 | quote }}
{{- end }}
app.kubernetes.io/part-of: {{ .root.Values.common.partOf }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- end -}}
