{{- /*
common.validate.route: a route targets an enabled Service and one of its ports, and asks for nothing that its kind cannot do.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.route" -}}
{{- $what := printf "route %s" .id -}}
{{- $ingress := eq (.spec.kind | default .root.Values.global.route.kind) "Ingress" -}}
{{- if contains "@" (.spec.service | default "") -}}
{{- if $ingress -}}
{{- fail (printf "%s: route %s targets %s, a service of Traefik, which an Ingress cannot do; set route.%s.kind to IngressRoute" .root.Chart.Name .id .spec.service .id) -}}
{{- end -}}
{{- else -}}
{{- $service := include "common.names.serviceId" (dict "root" .root "id" .spec.service "what" $what) -}}
{{- include "common.validate.service.backend" (dict "root" .root "what" $what "field" (printf "route.%s" .id) "service" $service "port" .spec.port) -}}
{{- end -}}
{{- if and .spec.blockPaths $ingress -}}
{{- fail (printf "%s: route %s has blockPaths, which an Ingress cannot do; set route.%s.kind to IngressRoute, or remove route.%s.blockPaths" .root.Chart.Name .id .id .id) -}}
{{- end -}}
{{- end -}}
