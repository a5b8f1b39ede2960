{{- /*
common.validate.webhook: a webhook is served by a port of an enabled Service that the API server may reach, and its hooks have rules.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.webhook" -}}
{{- include "common.validate.service.backend" (dict "root" .root "what" (printf "webhook %s" .id) "field" (printf "webhooks.%s" .id) "service" .spec.service "port" .spec.port) -}}
{{- $service := index .root.Values.service .spec.service -}}
{{- $numbers := list -}}{{- range $service.ports -}}{{- $numbers = append $numbers (int .port) -}}{{- end -}}
{{- if not (or .spec.port (has 443 $numbers)) -}}
{{- fail (printf "%s: webhook %s names no port, and service %s has no port 443; set webhooks.%s.port to one of: %s" .root.Chart.Name .id .spec.service .id (keys $service.ports | sortAlpha | join ", ")) -}}
{{- end -}}
{{- range $name, $hook := .spec.hooks -}}
{{- if and $hook (eq (include "common.render.enabled" $hook) "true") -}}
{{- range $key := list "path" "apiGroups" "apiVersions" "operations" "resources" -}}
{{- if not (or (index $hook $key) (index $.spec $key)) -}}
{{- fail (printf "%s: hook %s of webhook %s has no %s; set webhooks.%s.%s, or webhooks.%s.hooks.%s.%s" $.root.Chart.Name $name $.id $key $.id $key $.id $name $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "common.validate.webhook.reach" (dict "root" .root "id" .id "service" $service "serviceId" .spec.service) -}}
{{- end -}}

{{- /* common.validate.webhook.reach: an edge lets the API server in. Input: root, id, service, serviceId. */ -}}
{{- define "common.validate.webhook.reach" -}}
{{- $network := .root.Values.network | default dict -}}
{{- $owner := include "common.names.controllerId" (dict "root" .root "id" .service.controller "what" (printf "service %s" .serviceId)) -}}
{{- $reached := eq (toString (dig "enabled" true $network)) "false" -}}
{{- range $network.ingress -}}
{{- if and . (eq (include "common.render.enabled" .) "true") (eq (.controller | default $owner) $owner) (has (dig "from" "peer" "" .) (list "kube-apiserver" "any")) -}}{{- $reached = true -}}{{- end -}}
{{- end -}}
{{- if not $reached -}}
{{- fail (printf "%s: webhook %s is served by the controller %s, which the API server cannot reach; add network.ingress.kube-apiserver" .root.Chart.Name .id $owner) -}}
{{- end -}}
{{- end -}}
