{{- /*
common.kinds.networkPolicy: denies all traffic of the pods of a controller but the edges of the chart.
Input: root, id, spec (the controller), selector (labels of the pods, YAML; by default the controller's), ingress (additional
edges). Output: one document.
*/ -}}
{{- define "common.kinds.networkPolicy" -}}
{{- $network := .root.Values.network | default dict -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" .id "wave" .root.Values.common.waves.base "spec" dict) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- .selector | default (include "common.labels.selector" (dict "root" .root "component" .id)) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with include "common.kinds.networkPolicy.rules" (dict "root" .root "id" .id "edges" (merge (dict) (.ingress | default dict) ($network.ingress | default dict)) "side" "from") }}
  ingress:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- $edges := $network.egress | default dict }}
  {{- if or (dig "dns" true $network) (has .id (list "backup" "drill")) }}
  {{- $edges = merge (dict "dns" (dict "controller" .id "to" (dict "peer" "dns") "ports" (list (dict "port" 53 "protocol" "UDP") (dict "port" 53 "protocol" "TCP")))) $edges }}
  {{- end }}
  {{- with include "common.kinds.networkPolicy.rules" (dict "root" .root "id" .id "edges" $edges "side" "to") }}
  egress:
    {{- . | trim | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /*
common.kinds.networkPolicy.rules: the edges of one direction that belong to a controller. An edge of every controller does not apply
to those of a backup and its drill, which have their own.
Input: root, id, edges, side (from or to). Output: a YAML list.
*/ -}}
{{- define "common.kinds.networkPolicy.rules" -}}
{{- $all := has .id (list "backup" "drill") | ternary "" .id -}}
{{- range $name := keys (.edges | default dict) | sortAlpha }}
{{- $edge := index $.edges $name }}
{{- if and $edge (eq (include "common.render.enabled" $edge) "true") (eq (include "common.render.required" (dict "root" $.root "entry" $edge)) "true") (eq (dig "controller" $all $edge) $.id) }}
{{- $peer := include "common.kinds.peer" (dict "root" $.root "peer" (index $edge $.side)) | trim }}
{{- $ports := include "common.kinds.networkPolicy.ports" (dict "root" $.root "ports" $edge.ports) | trim }}
{{- if $peer }}
- {{ $.side }}:
    {{- $peer | nindent 4 }}
{{- if $ports }}
  ports:
    {{- $ports | nindent 4 }}
{{- end }}
{{- else if $ports }}
- ports:
    {{- $ports | nindent 4 }}
{{- else }}
- {}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /*
common.kinds.networkPolicy.ports: ports of an edge: a number, the name of a port of the chart's Services, or port and protocol.
Input: root, ports. Output: a YAML list.
*/ -}}
{{- define "common.kinds.networkPolicy.ports" -}}
{{- range .ports }}
{{- if kindIs "map" . }}
- port: {{ .port }}
  protocol: {{ .protocol | default "TCP" }}
  {{- with .endPort }}
  endPort: {{ . }}
  {{- end }}
{{- else }}
- port: {{ . }}
  protocol: TCP
{{- end }}
{{- end }}
{{- end -}}
