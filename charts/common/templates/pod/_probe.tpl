{{- /*
common.pod.probe: one probe: HTTP from `path`, `tcp`, `exec` or `grpc`.
Input: root, kind (liveness, readiness or startup), spec (the container). Output: YAML, empty without a probe.
*/ -}}
{{- define "common.pod.probe" -}}
{{- with include "common.pod.probe.spec" . -}}
{{- $spec := fromYaml . -}}
{{- if $spec.exec -}}
exec:
  command:
    {{- toYaml $spec.exec | nindent 4 }}
{{- else if $spec.tcp -}}
tcpSocket:
  port: {{ $spec.port }}
{{- else if $spec.grpc -}}
grpc:
  port: {{ $spec.port }}
{{- else -}}
httpGet:
  path: {{ $spec.path }}
  port: {{ $spec.port }}
  {{- with $spec.scheme }}
  scheme: {{ . }}
  {{- end }}
  {{- with $spec.host }}
  host: {{ . }}
  {{- end }}
  {{- with $spec.headers }}
  httpHeaders:
    {{- range $name := keys . | sortAlpha }}
    - name: {{ $name }}
      value: {{ include "common.render.text" (dict "root" $.root "text" (index $spec.headers $name)) | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- range $key := list "initialDelaySeconds" "periodSeconds" "timeoutSeconds" "successThreshold" "failureThreshold" }}
{{- if hasKey $spec $key }}
{{ $key }}: {{ index $spec $key | int }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /*
common.pod.probe.spec: a probe with the library's times where the chart sets none.
Input: as common.pod.probe. Output: a YAML map, empty without a probe.
*/ -}}
{{- define "common.pod.probe.spec" -}}
{{- $probe := dig "probes" .kind dict .spec -}}
{{- if and $probe (eq (include "common.render.enabled" $probe) "true") -}}
{{- mustMergeOverwrite (deepCopy (index .root.Values.common.probe .kind)) $probe | toYaml -}}
{{- end -}}
{{- end -}}

{{- /*
common.pod.probe.startup: how long startup probes let a pod start: sidecars one after another, then the containers at once.
Input: root, spec (the controller). Output: seconds.
*/ -}}
{{- define "common.pod.probe.startup" -}}
{{- $seconds := dict "sidecars" 0 "containers" 0 -}}
{{- range $role, $_ := $seconds -}}
{{- range $container := index $.spec $role -}}
{{- if eq (include "common.render.enabled" $container) "true" -}}
{{- with include "common.pod.probe.spec" (dict "root" $.root "kind" "startup" "spec" $container) | fromYaml -}}
{{- /* An attempt begins when the one before has ended. */ -}}
{{- $attempts := mul (max .periodSeconds .timeoutSeconds) .failureThreshold -}}
{{- $window := add $attempts (.initialDelaySeconds | default 0) -}}
{{- $_ := set $seconds $role (eq $role "sidecars" | ternary (add $seconds.sidecars $window) (max $seconds.containers $window)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- add $seconds.sidecars $seconds.containers -}}
{{- end -}}
