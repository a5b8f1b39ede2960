{{- /*
common.pod.probe: one probe: HTTP from `path`, `tcp`, `exec` or `grpc`.
Input: root, spec (may be empty). Output: YAML, empty without a probe.
*/ -}}
{{- define "common.pod.probe" -}}
{{- $spec := .spec | default dict -}}
{{- if and $spec (eq (include "common.render.enabled" $spec) "true") -}}
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
