{{- /*
common.names.object: name of an object. The namespace separates releases, so the chart's name is enough; an entry with the name of
the chart is the chart's main one.
Input: root, id, limit (characters; 63 when left out). Output: text.
*/ -}}
{{- define "common.names.object" -}}
{{- $limit := .limit | default 63 -}}
{{- $chart := .root.Chart.Name -}}
{{- $name := eq .id (include "common.names.main" .root) | ternary $chart (printf "%s-%s" $chart .id) -}}
{{- if gt (len $name) (int $limit) -}}
{{- fail (printf "%s: the name %q has %d characters; Kubernetes allows %d, choose a shorter identifier" $chart $name (len $name) (int $limit)) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- /*
common.names.service: name of a Service: `name`, or the default of every object.
Input: root, id. Output: text.
*/ -}}
{{- define "common.names.service" -}}
{{- $spec := index (.root.Values.service | default dict) .id | default dict -}}
{{- $spec.name | default (include "common.names.object" (dict "root" .root "id" .id)) -}}
{{- end -}}

{{- /*
common.names.main: identifier of the chart's main entry. Helm replaces the name of a chart by its alias, so a chart that umbrellas
use under aliases states its name in an annotation.
Input: root. Output: text.
*/ -}}
{{- define "common.names.main" -}}
{{- index (.Chart.Annotations | default dict) "slipway.homelab/main" | default .Chart.Name -}}
{{- end -}}

{{- /*
common.names.namespace: the namespace of every object; no other template reads it.
Input: root. Output: text.
*/ -}}
{{- define "common.names.namespace" -}}
{{- .Release.Namespace -}}
{{- end -}}

{{- /*
common.names.metadata: metadata of an object.
Input: root, name, component (may be empty), wave, spec (its labels and annotations), annotations (more of them, verbatim),
clusterScoped (no namespace). Output: YAML.
*/ -}}
{{- define "common.names.metadata" -}}
name: {{ .name }}
{{- if not .clusterScoped }}
namespace: {{ include "common.names.namespace" .root }}
{{- end }}
labels:
  {{- include "common.labels.object" . | nindent 2 }}
  {{- with dig "labels" dict (.spec | default dict) }}
  {{- include "common.render.map" (dict "root" $.root "map" .) | nindent 2 }}
  {{- end }}
{{- $own := dict "argocd.argoproj.io/sync-wave" (toString .wave) }}
{{- $given := include "common.render.map" (dict "root" .root "map" (dig "annotations" dict (.spec | default dict))) | fromYaml }}
annotations:
  {{- toYaml (mergeOverwrite $own (.annotations | default dict) $given) | nindent 2 }}
{{- end -}}

{{- /*
common.names.secret: name of a declared Secret: `name`, the identifier, or the chart's name for the main entry; the operator derives
the name of a database's account.
Input: root, id. Output: text.
*/ -}}
{{- define "common.names.secret" -}}
{{- $spec := dig .id dict (.root.Values.secrets | default dict) -}}
{{- with $spec.database -}}{{ . }}-app
{{- else -}}
{{- $own := eq .id (include "common.names.main" .root) | ternary .root.Chart.Name .id -}}
{{- include "common.render.text" (dict "root" .root "text" (dig "name" $own $spec)) -}}
{{- end -}}
{{- end -}}

{{- /*
common.names.serviceId: identifier of the Service of a route or of metrics.
Input: root, id (empty: the only one), what (for the error). Output: text.
*/ -}}
{{- define "common.names.serviceId" -}}
{{- $services := list -}}
{{- range $id, $spec := .root.Values.service -}}
{{- if eq (include "common.render.enabled" $spec) "true" -}}{{- $services = append $services $id -}}{{- end -}}
{{- end -}}
{{- if .id -}}{{ .id }}
{{- else if eq (len $services) 1 -}}{{ first $services }}
{{- else -}}
{{- fail (printf "%s: %s has no `service`, and the chart has %d of them; set it" .root.Chart.Name .what (len $services)) -}}
{{- end -}}
{{- end -}}

{{- /*
common.names.controllerId: identifier of the controller that an entry belongs to; Jobs and CronJobs count only in a chart without
other controllers.
Input: root, id (empty: the only one), what (for the error). Output: text.
*/ -}}
{{- define "common.names.controllerId" -}}
{{- $lasting := list -}}
{{- $ending := list -}}
{{- range $id, $spec := .root.Values.controllers -}}
{{- if eq (include "common.render.enabled" $spec) "true" -}}
{{- if has (dig "type" "" ($spec | default dict)) (list "CronJob" "Job") -}}{{- $ending = append $ending $id -}}
{{- else -}}{{- $lasting = append $lasting $id -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $controllers := $lasting | default $ending -}}
{{- if .id -}}{{ .id }}
{{- else if eq (len $controllers) 1 -}}{{ first $controllers }}
{{- else -}}
{{- fail (printf "%s: %s has no `controller`, and the chart has %d of them; set it" .root.Chart.Name .what (len $controllers)) -}}
{{- end -}}
{{- end -}}

{{- /*
common.names.image: an image reference; the node pulls the digest, the tag shows the version.
Input: repository, tag, digest. Output: text.
*/ -}}
{{- define "common.names.image" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
