{{- /*
common.pod.container: one container. A sidecar is an init container with restartPolicy Always: the kubelet starts the next
container after its startup probe has succeeded, and stops it last.
Input: root, controller, id, role (containers, sidecars or init), spec, owner (the controller). Output: a YAML list item.
*/ -}}
{{- define "common.pod.container" -}}
{{- $spec := mustMergeOverwrite (deepCopy .root.Values.common.container) (deepCopy .spec) -}}
- name: {{ .id }}
  image: {{ include "common.names.image" $spec.image }}
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
  {{- with include "common.pod.env.from" (dict "root" .root "envFrom" $spec.envFrom) }}
  envFrom:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- with include "common.pod.ports" . }}
  ports:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- range $probe := list "liveness" "readiness" "startup" }}
  {{- with include "common.pod.probe" (dict "root" $.root "kind" $probe "spec" $spec) }}
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
  {{- with include "common.pod.mounts" . }}
  volumeMounts:
    {{- . | trim | nindent 4 }}
  {{- end }}
{{- end -}}
