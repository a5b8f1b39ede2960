{{- /*
common.pod.spec: pod spec of a controller.
Input: root, id, spec (the controller), pod (its merged pod options). Output: YAML.
*/ -}}
{{- define "common.pod.spec" -}}
{{- $pod := .pod -}}
automountServiceAccountToken: {{ $pod.token }}
{{- with $pod.serviceAccount }}
serviceAccountName: {{ include "common.names.object" (dict "root" $.root "id" .) }}
{{- end }}
enableServiceLinks: {{ $pod.enableServiceLinks }}
{{- $security := $pod.securityContext }}
{{- if not (hasKey $security "runAsUser") }}
{{- $user := .root.Values.global.user }}
{{- $security = merge (deepCopy $security) (dict "runAsUser" $user.uid "runAsGroup" $user.gid "fsGroup" $user.gid) }}
{{- end }}
securityContext:
  {{- toYaml $security | nindent 2 }}
{{- range $key := list "hostNetwork" "hostPID" "hostUsers" "dnsPolicy" "hostname" "priorityClassName" "restartPolicy" "runtimeClassName" "schedulerName" "shareProcessNamespace" "terminationGracePeriodSeconds" }}
{{- if and (hasKey $pod $key) (not (kindIs "invalid" (index $pod $key))) }}
{{ $key }}: {{ index $pod $key | toJson }}
{{- end }}
{{- end }}
{{- if not (hasKey $pod "runtimeClassName") }}
{{- include "common.pod.spec.runtimeClass" . }}
{{- end }}
{{- range $key := list "affinity" "dnsConfig" "nodeSelector" "tolerations" "topologySpreadConstraints" }}
{{- with index $pod $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- $first := include "common.pod.spec.containers" (dict "root" .root "id" .id "spec" .spec "roles" (list "sidecars" "init")) }}
{{- with $first }}
initContainers:
  {{- . | trim | nindent 2 }}
{{- end }}
containers:
  {{- include "common.pod.spec.containers" (dict "root" .root "id" .id "spec" .spec "roles" (list "containers")) | trim | nindent 2 }}
{{- with include "common.pod.volumes" . }}
volumes:
  {{- . | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{- /*
common.pod.spec.containers: the containers of some roles, by `order`, then by identifier.
Input: root, id, spec, roles (keys of the controller). Output: a YAML list.
*/ -}}
{{- define "common.pod.spec.containers" -}}
{{- $sorted := dict -}}
{{- range $role := .roles -}}
{{- range $name, $container := (index $.spec $role | default dict) -}}
{{- if and $container (eq (include "common.render.enabled" $container) "true") -}}
{{- /* Sorted as text: a negative number would come after a smaller one. */ -}}
{{- $key := printf "%07d %s" (add 1000000 (int (dig "order" 0 $container))) $name -}}
{{- $_ := set $sorted $key (dict "root" $.root "controller" $.id "id" $name "role" $role "spec" $container "owner" $.spec) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := keys $sorted | sortAlpha }}
{{ include "common.pod.container" (index $sorted $key) }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.spec.runtimeClass: the runtime class of NVIDIA's container runtime.
Input: as common.pod.spec. Output: YAML line or nothing.
*/ -}}
{{- define "common.pod.spec.runtimeClass" -}}
{{- $nvidia := false -}}
{{- range $name, $container := .spec.containers -}}
{{- if eq (dig "gpu" "vendor" "none" $container) "nvidia" -}}{{- $nvidia = true -}}{{- end -}}
{{- end -}}
{{- if $nvidia }}
runtimeClassName: nvidia
{{- end -}}
{{- end -}}
