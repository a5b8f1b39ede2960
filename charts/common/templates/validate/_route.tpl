{{- /*
common.validate.route: a route targets an enabled Service and one of its ports, and asks for nothing that its kind cannot do.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.route" -}}
{{- $what := printf "route %s" .id -}}
{{- $service := include "common.names.serviceId" (dict "root" .root "id" .spec.service "what" $what) -}}
{{- include "common.validate.service.backend" (dict "root" .root "what" $what "field" (printf "route.%s" .id) "service" $service "port" .spec.port) -}}
{{- if and .spec.blockPaths (eq (.spec.kind | default .root.Values.global.route.kind) "Ingress") -}}
{{- fail (printf "%s: route %s has blockPaths, which an Ingress cannot do; set route.%s.kind to IngressRoute, or remove route.%s.blockPaths" .root.Chart.Name .id .id .id) -}}
{{- end -}}
{{- end -}}
