{{- /*
common.kinds.databasePods.metrics: a Service of the instances' metrics; the operator's own Services have the port of PostgreSQL only.
Input: root, id, name (the cluster's). Output: one or two documents.
*/ -}}
{{- define "common.kinds.databasePods.metrics" -}}
{{- $names := dict "root" .root "component" .id "name" (printf "%s-metrics" .name) -}}
{{- $global := .root.Values.global.metrics -}}
{{- $scrape := dict -}}
{{- if eq $global.kind "annotations" -}}
{{- $scrape = dict "prometheus.io/scrape" "true" "prometheus.io/path" "/metrics" "prometheus.io/port" "9187" "prometheus.io/scheme" "http" -}}
{{- end -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "common.names.metadata" (merge (dict "wave" .root.Values.common.waves.workload "annotations" $scrape) $names) | nindent 2 }}
spec:
  type: ClusterIP
  clusterIP: None
  ports:
    - name: metrics
      port: 9187
      targetPort: metrics
      protocol: TCP
  selector:
    cnpg.io/cluster: {{ .name }}
{{- if eq $global.kind "ServiceMonitor" }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "common.names.metadata" (merge (dict "wave" .root.Values.common.waves.workload "spec" (dict "labels" $global.labels)) $names) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "common.labels.selector" (dict "root" .root "component" .id) | nindent 6 }}
  endpoints:
    - port: metrics
      interval: 30s
{{- end }}
{{- end -}}

{{- /*
common.kinds.databasePods.policy: the NetworkPolicy of the pods that the operator creates; the application of the database may
connect.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.databasePods.policy" -}}
{{- $selector := printf "cnpg.io/cluster: %s" (include "common.names.object" .) -}}
{{- $edges := dict -}}
{{- with .spec.application -}}
{{- $edges = dict "application" (dict "from" (dict "app" .) "ports" (list 5432)) -}}
{{- end -}}
{{ include "common.kinds.networkPolicy" (dict "root" .root "id" .id "selector" $selector "ingress" $edges) }}
{{- end -}}
