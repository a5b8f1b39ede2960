{{- /*
common.pod.container: one container. A sidecar is an init container that keeps running: the kubelet starts what follows
only when its startup probe has succeeded, and stops it after the others.
Input: root, controller, id, role (containers, sidecars or init), spec, owner (the controller). Output: a YAML list item.
*/ -}}
{{- define "common.pod.container" -}}
{{- $spec := mustMergeOverwrite (deepCopy .root.Values.common.container) (deepCopy .spec) -}}
- name: {{ .id }}
  image: {{ include "common.pod.image" $spec.image }}
  {{- if eq .role "sidecars" }}
  restartPolicy: Always
  {{- end }}
  {{- with $spec.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  {{- range $key := list "command" "args" }}
  {{- with index $spec $key }}
  {{ $key }}:
    {{- include "common.render.text" (dict "root" $.root "text" (toYaml .)) | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- range $key := list "workingDir" "stdin" "tty" "terminationMessagePolicy" }}
  {{- with index $spec $key }}
  {{ $key }}: {{ . | toJson }}
  {{- end }}
  {{- end }}
  {{- with include "common.pod.env" (dict "root" .root "env" $spec.env) }}
  env:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- with include "common.pod.envFrom" (dict "root" .root "envFrom" $spec.envFrom) }}
  envFrom:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- with include "common.pod.ports" . }}
  ports:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- range $probe := list "liveness" "readiness" "startup" }}
  {{- with include "common.pod.probe" (dict "root" $.root "spec" (dig "probes" $probe dict $spec)) }}
  {{ $probe }}Probe:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with include "common.pod.resources" $ | trim }}
  resources:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- with $spec.lifecycle }}
  lifecycle:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml $spec.securityContext | nindent 4 }}
  {{- with include "common.pod.volumeMounts" . }}
  volumeMounts:
    {{- . | trim | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /*
common.pod.image: an image reference; a digest is what the node pulls, the tag says which version that is.
Input: repository, tag, digest. Output: text.
*/ -}}
{{- define "common.pod.image" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}

{{- /*
common.pod.ports: ports of a container: its own, and those of the Services that end at it.
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
