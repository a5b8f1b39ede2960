{{- /*
common.pod.ports: ports of a container: its own, and the target ports of its Services.
Input: as common.pod.container. Output: a YAML list.
*/ -}}
{{- define "common.pod.ports" -}}
{{- $ports := deepCopy (.spec.ports | default dict) -}}
{{- $main := hasKey .owner.containers "app" | ternary "app" (keys .owner.containers | sortAlpha | first) -}}
{{- range $service, $entry := .root.Values.service -}}
{{- if eq (include "common.render.enabled" $entry) "true" -}}
{{- $owner := include "common.names.controllerId" (dict "root" $.root "id" $entry.controller "what" (printf "service %s" $service)) -}}
{{- range $name, $port := $entry.ports -}}
{{- $container := dig "container" $main $port -}}
{{- if and (eq $owner $.controller) (eq $container $.id) (not (hasKey $ports $name)) (ne $.role "init") -}}
{{- $number := dig "targetPort" $port.port $port -}}
{{- if not (kindIs "string" $number) -}}
{{- $_ := set $ports $name (dict "port" $number "protocol" (dig "protocol" "TCP" $port)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name := keys $ports | sortAlpha }}
{{- $port := index $ports $name }}
- name: {{ $name }}
  containerPort: {{ $port.port }}
  {{- with $port.hostPort }}
  hostPort: {{ . }}
  {{- end }}
  protocol: {{ $port.protocol | default "TCP" }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.ports.names: names of the ports of a controller's pods, or of one of its containers.
Input: root, id, spec (the controller), container (empty: every one). Output: a YAML list.
*/ -}}
{{- define "common.pod.ports.names" -}}
{{- range $role := list "containers" "sidecars" -}}
{{- range $name, $container := index ($.spec | default dict) $role -}}
{{- if and $container (eq ($.container | default $name) $name) -}}
{{- range include "common.pod.ports" (dict "root" $.root "controller" $.id "id" $name "role" $role "spec" $container "owner" $.spec) | fromYamlArray }}
- {{ .name }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
