{{- /*
common.validate.service: a Service leads to a workload that is on, and to ports that its pods have.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.service" -}}
{{- $numbers := dict -}}
{{- range $id, $service := .Values.service -}}
{{- if and $service (eq (include "common.render.enabled" $service) "true") -}}
{{- $owner := include "common.names.controllerId" (dict "root" $ "id" $service.controller "what" (printf "service %s" $id)) -}}
{{- $controller := dig $owner dict ($.Values.controllers | default dict) -}}
{{- if and $controller (ne (include "common.render.enabled" $controller) "true") -}}
{{- fail (printf "%s: service %s leads to the controller %q, which is off; set service.%s.controller, or service.%s.enabled to false" $.Chart.Name $id $owner $id $id) -}}
{{- end -}}
{{- range $name, $port := ternary $service.ports dict (not (empty $controller)) -}}
{{- $args := dict "root" $ "id" $id "name" $name "port" $port "owner" $owner "controller" $controller "numbers" $numbers -}}
{{- include "common.validate.service.container" $args -}}
{{- include "common.validate.service.target" $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $id, $role := .Values.rbac -}}
{{- $account := dig "serviceAccount" $id ($role | default dict) -}}
{{- if and $role (not (hasKey ($.Values.serviceAccount | default dict) $account)) -}}
{{- fail (printf "%s: rbac %s binds the service account %q, which does not exist; add serviceAccount.%s, or set rbac.%s.serviceAccount" $.Chart.Name $id $account $account $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.service.container: a port names a container that listens. Input: root, id, name, port, owner, controller. */ -}}
{{- define "common.validate.service.container" -}}
{{- $listening := merge (dict) (.controller.containers | default dict) (.controller.sidecars | default dict) -}}
{{- if and .port.container (not (hasKey $listening .port.container)) -}}
{{- fail (printf "%s: port %s of service %s leads to the container %q, which controller %s does not have; set service.%s.ports.%s.container to one of: %s" .root.Chart.Name .name .id .port.container .owner .id .name (keys $listening | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.service.target: a named target is a port of the pods; a name means one number in a pod.
Input: root, id, name, port, owner, controller, numbers (what was seen, grows). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.service.target" -}}
{{- $target := .port.targetPort | default .port.port -}}
{{- if kindIs "string" $target -}}
{{- $names := include "common.validate.portNames" (dict "root" .root "id" .owner "spec" .controller) | fromYamlArray -}}
{{- if not (has $target $names) -}}
{{- fail (printf "%s: port %s of service %s leads to the port %q, which controller %s does not have; set service.%s.ports.%s.targetPort to a number or to one of: %s" .root.Chart.Name .name .id $target .owner .id .name (join ", " $names | default "none")) -}}
{{- end -}}
{{- else -}}
{{- $key := printf "%s/%s" .owner .name -}}
{{- $other := get .numbers $key -}}
{{- if and $other (ne (toString $other) (toString $target)) -}}
{{- fail (printf "%s: port %s of service %s is %s, but another service of controller %s calls %s so; rename service.%s.ports.%s" .root.Chart.Name .name .id (toString $target) .owner (toString $other) .id .name) -}}
{{- end -}}
{{- $_ := set .numbers $key $target -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.route: routes and metrics end at a Service that is on, and a Service announces one port by annotations.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.route" -}}
{{- $seen := dict -}}
{{- range $kind := list "route" "metrics" -}}
{{- range $id, $entry := index $.Values $kind -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") -}}
{{- $service := include "common.names.serviceId" (dict "root" $ "id" $entry.service "what" (printf "%s %s" $kind $id)) -}}
{{- if ne (include "common.render.enabled" (index $.Values.service $service)) "true" -}}
{{- fail (printf "%s: %s %s ends at service %q, which is off; set %s.%s.service, or %s.%s.enabled to false" $.Chart.Name $kind $id $service $kind $id $kind $id) -}}
{{- end -}}
{{- if and (eq $kind "metrics") (eq ($entry.kind | default $.Values.global.metrics.kind) "annotations") -}}
{{- if hasKey $seen $service -}}
{{- fail (printf "%s: metrics %s and %s are both annotations of service %s, which has place for one; give metrics.%s.service a Service of its own, or the kind ServiceMonitor" $.Chart.Name (get $seen $service) $id $service $id) -}}
{{- end -}}
{{- $_ := set $seen $service $id -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.webhook: a webhook ends at a port of a Service that is on, asks about something, and may be reached.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.webhook" -}}
{{- range $id, $webhook := .Values.webhooks -}}
{{- if and $webhook (eq (include "common.render.enabled" $webhook) "true") -}}
{{- $service := index ($.Values.service | default dict) $webhook.service -}}
{{- if not (and $service (eq (include "common.render.enabled" $service) "true")) -}}
{{- fail (printf "%s: webhooks.%s is answered by the service %q, which does not exist or is off; set webhooks.%s.service" $.Chart.Name $id $webhook.service $id) -}}
{{- end -}}
{{- $numbers := list -}}{{- range $service.ports -}}{{- $numbers = append $numbers (int .port) -}}{{- end -}}
{{- if not (or (and $webhook.port (hasKey $service.ports $webhook.port)) (and (not $webhook.port) (has 443 $numbers))) -}}
{{- fail (printf "%s: webhooks.%s has no port of the service %s to ask at; set webhooks.%s.port to one of: %s" $.Chart.Name $id $webhook.service $id (keys $service.ports | sortAlpha | join ", ")) -}}
{{- end -}}
{{- range $name, $hook := $webhook.hooks -}}
{{- range $key := ternary (list "path" "apiGroups" "apiVersions" "operations" "resources") list (and (not (empty $hook)) (eq (include "common.render.enabled" $hook) "true")) -}}
{{- if not (or (index $hook $key) (index $webhook $key)) -}}
{{- fail (printf "%s: webhooks.%s asks in %s about no %s; set webhooks.%s.%s, or the same of the hook" $.Chart.Name $id $name $key $id $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $owner := include "common.names.controllerId" (dict "root" $ "id" $service.controller "what" (printf "service %s" $webhook.service)) -}}
{{- $reached := false -}}
{{- range dig "network" "ingress" dict $.Values -}}
{{- if and . (eq (include "common.render.enabled" .) "true") (eq (.controller | default $owner) $owner) (has (dig "from" "peer" "" .) (list "kube-apiserver" "any")) -}}{{- $reached = true -}}{{- end -}}
{{- end -}}
{{- if not (or $reached (eq (toString (dig "enabled" true ($.Values.network | default dict))) "false")) -}}
{{- fail (printf "%s: webhooks.%s is answered by the controller %s, which the API server cannot reach; add network.ingress.kube-apiserver" $.Chart.Name $id $owner) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
