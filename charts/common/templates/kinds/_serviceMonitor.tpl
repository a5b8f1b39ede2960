{{- /*
common.kinds.serviceMonitor: a ServiceMonitor of the Prometheus operator, where metrics use them.
Input: root, id, spec. Output: one document or nothing.
*/ -}}
{{- define "common.kinds.serviceMonitor" -}}
{{- if eq (.spec.kind | default .root.Values.global.metrics.kind) "ServiceMonitor" -}}
{{- $service := include "common.names.serviceId" (dict "root" .root "id" .spec.service "what" (printf "metrics %s" .id)) -}}
{{- $controller := include "common.names.controllerId" (dict "root" .root "id" (index .root.Values.service $service).controller "what" (printf "service %s" $service)) -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" $controller "wave" .root.Values.common.waves.workload "spec" (dict "labels" .root.Values.global.metrics.labels)) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "common.labels.selector" (dict "root" .root "component" $controller) | nindent 6 }}
  endpoints:
    - port: {{ .spec.port }}
      path: {{ .spec.path | default "/metrics" }}
      scheme: {{ .spec.scheme | default "http" }}
      interval: {{ .spec.interval | default "60s" }}
{{- end -}}
{{- end -}}
