{{- /*
common.kinds.service: a Service in front of a controller.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.service" -}}
{{- $controller := include "common.names.controllerId" (dict "root" .root "id" .spec.controller "what" (printf "service %s" .id)) -}}
{{- $spec := .spec -}}
{{- /* Argo CD waits for the address of a LoadBalancer, so it comes after the pool that the address is from. */ -}}
{{- $wave := eq (.spec.type | default "") "LoadBalancer" | ternary .root.Values.common.waves.address .root.Values.common.waves.workload -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.service" .) "component" $controller "wave" $wave "spec" .spec "annotations" (merge (include "common.kinds.service.scrape" . | fromYaml) (include "common.kinds.service.probe" . | fromYaml))) | nindent 2 }}
spec:
  type: {{ .spec.type | default "ClusterIP" }}
  {{- range $key := list "clusterIP" "externalTrafficPolicy" "internalTrafficPolicy" "ipFamilyPolicy" "loadBalancerClass" "loadBalancerIP" "publishNotReadyAddresses" "sessionAffinity" }}
  {{- with index $spec $key }}
  {{ $key }}: {{ . }}
  {{- end }}
  {{- end }}
  ports:
    {{- range $name := keys .spec.ports | sortAlpha }}
    {{- $port := index $spec.ports $name }}
    - name: {{ $name }}
      port: {{ $port.port }}
      targetPort: {{ kindIs "string" $port.targetPort | ternary $port.targetPort $name }}
      protocol: {{ $port.protocol | default "TCP" }}
      {{- with $port.appProtocol }}
      appProtocol: {{ . }}
      {{- end }}
      {{- with $port.nodePort }}
      nodePort: {{ . }}
      {{- end }}
    {{- end }}
  selector:
    {{- include "common.labels.selector" (dict "root" .root "component" $controller) | nindent 4 }}
{{- end -}}

{{- /*
common.kinds.service.scrape: scrape annotations, where metrics use them. Prometheus scrapes the pods behind a Service,
so the port is the container's.
Input: root, id. Output: YAML map, empty without metrics.
*/ -}}
{{- define "common.kinds.service.scrape" -}}
{{- range $name, $metrics := .root.Values.metrics -}}
{{- if and $metrics (eq (include "common.render.enabled" $metrics) "true") -}}
{{- $kind := $metrics.kind | default $.root.Values.global.metrics.kind -}}
{{- $service := include "common.names.serviceId" (dict "root" $.root "id" $metrics.service "what" (printf "metrics %s" $name)) -}}
{{- if and (eq $kind "annotations") (eq $service $.id) }}
prometheus.io/scrape: "true"
prometheus.io/path: {{ $metrics.path | default "/metrics" }}
{{- $port := index $.root.Values.service $service "ports" $metrics.port }}
prometheus.io/port: {{ kindIs "string" $port.targetPort | ternary $port.port ($port.targetPort | default $port.port) | quote }}
prometheus.io/scheme: {{ $metrics.scheme | default "http" }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.service.probe: annotations by which Prometheus finds the first route of a Service and has it probed through the
ingress controller, where metrics use annotations.
Input: root, id. Output: YAML map, empty without a route.
*/ -}}
{{- define "common.kinds.service.probe" -}}
{{- $routes := ternary (.root.Values.route | default dict) dict (eq .root.Values.global.metrics.kind "annotations") -}}
{{- $found := false -}}
{{- range $name := keys $routes | sortAlpha -}}
{{- $route := index $routes $name -}}
{{- if and $route (not $found) (eq (include "common.render.enabled" $route) "true") (eq (include "common.render.enabled" ($route.probe | default dict)) "true") -}}
{{- /* A name with an @ is a service of Traefik's own, which is no object. */ -}}
{{- if contains "@" ($route.service | default "") -}}
{{- else if eq $.id (include "common.names.serviceId" (dict "root" $.root "id" $route.service "what" (printf "route %s" $name))) }}
{{- $found = true }}
prometheus.io/probe: "true"
prometheus.io/probe-host: {{ include "common.render.text" (dict "root" $.root "text" $route.host) }}
prometheus.io/probe-path: {{ dig "probe" "path" ($route.path | default "/") $route }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
