{{- /*
common.validate.service: a Service selects an enabled workload, and its ports are ports of the pods.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.service" -}}
{{- $numbers := dict -}}
{{- $controllers := .Values.controllers | default dict -}}
{{- range $id, $service := .Values.service -}}
{{- if and $service (eq (include "common.render.enabled" $service) "true") -}}
{{- include "common.validate.controller.known" (dict "root" $ "field" (printf "service.%s" $id) "owner" $service.controller "known" $controllers) -}}
{{- $owner := include "common.names.controllerId" (dict "root" $ "id" $service.controller "what" (printf "service %s" $id)) -}}
{{- $controller := index $controllers $owner -}}
{{- if ne (include "common.render.enabled" $controller) "true" -}}
{{- fail (printf "%s: service %s selects the controller %q, which is disabled; set service.%s.controller, or service.%s.enabled to false" $.Chart.Name $id $owner $id $id) -}}
{{- end -}}
{{- range $name, $port := $service.ports -}}
{{- $args := dict "root" $ "id" $id "name" $name "port" $port "owner" $owner "controller" $controller "numbers" $numbers -}}
{{- include "common.validate.service.container" $args -}}
{{- include "common.validate.service.target" $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.service.container: a port names a container that listens. Input: root, id, name, port, owner, controller. */ -}}
{{- define "common.validate.service.container" -}}
{{- $listening := merge (dict) (.controller.containers | default dict) (.controller.sidecars | default dict) -}}
{{- if and .port.container (not (hasKey $listening .port.container)) -}}
{{- fail (printf "%s: port %s of service %s targets the container %q, which controller %s does not have; set service.%s.ports.%s.container to one of: %s" .root.Chart.Name .name .id .port.container .owner .id .name (keys $listening | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.service.target: a named targetPort is a port of the pods, and a name means one number in a pod.
Input: root, id, name, port, owner, controller, numbers (of the ports so far; grows). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.service.target" -}}
{{- $target := .port.targetPort | default .port.port -}}
{{- if kindIs "string" $target -}}
{{- $names := include "common.pod.ports.names" (dict "root" .root "id" .owner "spec" .controller) | fromYamlArray -}}
{{- if not (has $target $names) -}}
{{- fail (printf "%s: port %s of service %s targets the port %q, which controller %s does not have; set service.%s.ports.%s.targetPort to a number or to one of: %s" .root.Chart.Name .name .id $target .owner .id .name (join ", " $names | default "none")) -}}
{{- end -}}
{{- else -}}
{{- $key := printf "%s/%s" .owner .name -}}
{{- $other := get .numbers $key -}}
{{- if and $other (ne (toString $other) (toString $target)) -}}
{{- fail (printf "%s: port %s of service %s targets %s, but another service of controller %s targets %s by this name; rename service.%s.ports.%s" .root.Chart.Name .name .id (toString $target) .owner (toString $other) .id .name) -}}
{{- end -}}
{{- $_ := set .numbers $key $target -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.service.backend: a Service that something targets is enabled and has the port.
Input: root, what (targets it), field (of what), service, port (empty: any). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.service.backend" -}}
{{- $service := index (.root.Values.service | default dict) .service -}}
{{- if not (and $service (eq (include "common.render.enabled" $service) "true")) -}}
{{- fail (printf "%s: %s targets the service %q, which does not exist or is disabled; set %s.service, or %s.enabled to false" .root.Chart.Name .what .service .field .field) -}}
{{- end -}}
{{- if and .port (not (hasKey $service.ports .port)) -}}
{{- fail (printf "%s: %s targets the port %q, which service %s does not have; set %s.port to one of: %s" .root.Chart.Name .what .port .service .field (keys $service.ports | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
