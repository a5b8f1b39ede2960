{{- /*
common.validate.container: the containers of a pod fit each other.
Input: root, id, spec (the controller, merged), where. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.container" -}}
{{- $seen := dict -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index $.spec $role -}}
{{- if and $container (eq (include "common.render.enabled" $container) "true") -}}
{{- if hasKey $seen $name -}}
{{- fail (printf "%s: %s and %s both have a container %s; rename controllers.%s.%s.%s" $.where (get $seen $name) $role $name $.id $role $name) -}}
{{- end -}}
{{- $_ := set $seen $name $role -}}
{{- $args := dict "root" $.root "id" $.id "owner" $.spec "role" $role "name" $name "spec" $container "where" $.where -}}
{{- include "common.validate.container.probes" $args -}}
{{- include "common.validate.container.paths" $args -}}
{{- include "common.validate.container.env" $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (has "containers" (values $seen)) -}}
{{- fail (printf "%s has no enabled container; set controllers.%s.containers, or controllers.%s.enabled to false" .where .id .id) -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.container.probes: a sidecar has a startup probe, because nothing else makes the kubelet wait for it; a container
that ends has no probe; a probe has a handler and a port of the container.
Input: root, id, owner (the controller), role, name, spec, where. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.container.probes" -}}
{{- $probes := .spec.probes | default dict -}}
{{- if and $probes (eq .role "init") -}}
{{- fail (printf "%s: init container %s has probes, which an init container cannot have; remove controllers.%s.init.%s.probes" .where .name .id .name) -}}
{{- end -}}
{{- if and (eq .role "sidecars") (not (and $probes.startup (eq (include "common.render.enabled" $probes.startup) "true"))) -}}
{{- fail (printf "%s: sidecar %s has no startup probe, so the application would start before it is ready; set controllers.%s.sidecars.%s.probes.startup" .where .name .id .name) -}}
{{- end -}}
{{- $ports := include "common.pod.ports.names" (dict "root" .root "id" .id "spec" .owner "container" .name) | fromYamlArray -}}
{{- range $kind, $probe := $probes -}}
{{- if and $probe (eq (include "common.render.enabled" $probe) "true") (not $probe.exec) -}}
{{- $field := printf "controllers.%s.%s.%s.probes.%s" $.id $.role $.name $kind -}}
{{- if not (and $probe.port (or $probe.path $probe.tcp $probe.grpc)) -}}
{{- fail (printf "%s: the %s probe of container %s has no handler; set %s.path and .port, or .tcp, .grpc or .exec" $.where $kind $.name $field) -}}
{{- end -}}
{{- if and (kindIs "string" $probe.port) (not (has $probe.port $ports)) -}}
{{- fail (printf "%s: the %s probe of container %s uses the port %q, which the container does not have; set %s.port to one of: %s" $.where $kind $.name $probe.port $field (join ", " $ports | default "none")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.container.paths: one volume at each path. Input: root, id, owner, name, where. */ -}}
{{- define "common.validate.container.paths" -}}
{{- $seen := dict -}}
{{- range include "common.pod.mounts" (dict "root" .root "controller" .id "id" .name "owner" .owner) | fromYamlArray -}}
{{- if hasKey $seen .mountPath -}}
{{- fail (printf "%s: container %s mounts both %s and %s at %s; change the path of one of them" $.where $.name (get $seen .mountPath) .name .mountPath) -}}
{{- end -}}
{{- $_ := set $seen .mountPath .name -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.container.env: the secrets and configuration behind variables exist. Input: root, name, spec, where. */ -}}
{{- define "common.validate.container.env" -}}
{{- range $source := list "env" "envFrom" -}}
{{- range $key, $value := index $.spec $source -}}
{{- if kindIs "map" $value -}}
{{- $args := dict "root" $.root "keys" (compact (list $value.key)) "where" (printf "%s: container %s" $.where $.name) -}}
{{- if $value.secret -}}{{- include "common.validate.secret" (set $args "id" $value.secret) -}}{{- end -}}
{{- if $value.config -}}{{- include "common.validate.config.keys" (set $args "id" $value.config) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
