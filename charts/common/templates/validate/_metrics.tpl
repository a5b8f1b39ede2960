{{- /*
common.validate.metrics: what is scraped is a port of an enabled Service, and the annotations of a Service name one port.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.metrics" -}}
{{- $seen := dict -}}
{{- range $id, $metrics := .Values.metrics -}}
{{- if and $metrics (eq (include "common.render.enabled" $metrics) "true") -}}
{{- $what := printf "metrics %s" $id -}}
{{- $service := include "common.names.serviceId" (dict "root" $ "id" $metrics.service "what" $what) -}}
{{- include "common.validate.service.backend" (dict "root" $ "what" $what "field" (printf "metrics.%s" $id) "service" $service "port" $metrics.port) -}}
{{- if eq ($metrics.kind | default $.Values.global.metrics.kind) "annotations" -}}
{{- if hasKey $seen $service -}}
{{- fail (printf "%s: metrics %s and %s both need the annotations of service %s, which name one port; set metrics.%s.service to another Service, or metrics.%s.kind to ServiceMonitor" $.Chart.Name (get $seen $service) $id $service $id $id) -}}
{{- end -}}
{{- $_ := set $seen $service $id -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
