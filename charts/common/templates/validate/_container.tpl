{{- /*
common.validate.container: what the containers of a pod can be beside each other.
Input: root, id, spec (the controller, merged). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.container" -}}
{{- $seen := dict -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index $.spec $role -}}
{{- if and $container (eq (include "common.render.enabled" $container) "true") -}}
{{- if hasKey $seen $name -}}
{{- fail (printf "%s: controller %s: %s and %s both have a container %s; rename controllers.%s.%s.%s" $.root.Chart.Name $.id (get $seen $name) $role $name $.id $role $name) -}}
{{- end -}}
{{- $_ := set $seen $name $role -}}
{{- $args := dict "root" $.root "id" $.id "owner" $.spec "role" $role "name" $name "spec" $container -}}
{{- include "common.validate.container.probes" $args -}}
{{- include "common.validate.container.paths" $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (has "containers" (values $seen)) -}}
{{- fail (printf "%s: controller %s has no container that is on; set controllers.%s.containers, or controllers.%s.enabled to false" .root.Chart.Name .id .id .id) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.container.probes: a probe knows how and where to ask. Input: root, id, owner, role, name, spec. */ -}}
{{- define "common.validate.container.probes" -}}
{{- $names := include "common.validate.portNames" (dict "root" .root "id" .id "spec" .owner "container" .name) | fromYamlArray -}}
{{- range $kind, $probe := .spec.probes -}}
{{- if and $probe (eq (include "common.render.enabled" $probe) "true") (not $probe.exec) -}}
{{- $where := printf "controllers.%s.%s.%s.probes.%s" $.id $.role $.name $kind -}}
{{- if not (and $probe.port (or $probe.path $probe.tcp $probe.grpc)) -}}
{{- fail (printf "%s: the %s probe of container %s of controller %s does not say what to ask; set %s.path and .port, or .tcp, .grpc or .exec" $.root.Chart.Name $kind $.name $.id $where) -}}
{{- end -}}
{{- if and (kindIs "string" $probe.port) (not (has $probe.port $names)) -}}
{{- fail (printf "%s: the %s probe of container %s of controller %s asks the port %q, which the container does not have; set %s.port to one of: %s" $.root.Chart.Name $kind $.name $.id $probe.port $where (join ", " $names | default "none")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.container.paths: one volume at each path. Input: root, id, owner, name. */ -}}
{{- define "common.validate.container.paths" -}}
{{- $seen := dict -}}
{{- range include "common.pod.volumeMounts" (dict "root" .root "controller" .id "id" .name "owner" .owner) | fromYamlArray -}}
{{- if hasKey $seen .mountPath -}}
{{- fail (printf "%s: container %s of controller %s mounts %s and %s at %s; give one of them another path" $.root.Chart.Name $.name $.id (get $seen .mountPath) .name .mountPath) -}}
{{- end -}}
{{- $_ := set $seen .mountPath .name -}}
{{- end -}}
{{- end -}}
