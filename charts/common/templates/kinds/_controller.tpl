{{- /*
common.kinds.controller: the workload of a controller, by its type.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.controller" -}}
{{- $spec := mustMergeOverwrite (deepCopy .root.Values.common.controller) (deepCopy .spec) -}}
{{- /* Kubernetes appends to these names the time of a run or a revision, the library a hash. */ -}}
{{- $limit := index (dict "CronJob" 52 "StatefulSet" 52 "Job" 54) $spec.type -}}
{{- $name := include "common.names.object" (dict "root" .root "id" .id "limit" $limit) -}}
{{- $args := dict "root" .root "id" .id "spec" $spec "name" $name -}}
{{- if eq $spec.type "CronJob" -}}{{ include "common.kinds.job.cron" $args }}
{{- else if eq $spec.type "Job" -}}{{ include "common.kinds.job" $args }}
{{- else -}}{{ include "common.kinds.controller.workload" $args }}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.controller.metadata: metadata of a workload.
Input: root, id, spec, name. Output: YAML.
*/ -}}
{{- define "common.kinds.controller.metadata" -}}
{{- $wave := dig "wave" .root.Values.common.waves.workload .spec -}}
{{ include "common.names.metadata" (dict "root" .root "name" .name "component" .id "wave" $wave "spec" .spec) }}
{{- end -}}

{{- /*
common.kinds.controller.workload: Deployment, StatefulSet or DaemonSet.
Input: root, id, spec (merged), name. Output: one document.
*/ -}}
{{- define "common.kinds.controller.workload" -}}
{{- $spec := .spec -}}
apiVersion: apps/v1
kind: {{ $spec.type }}
metadata:
  {{- include "common.kinds.controller.metadata" . | nindent 2 }}
spec:
  {{- if ne $spec.type "DaemonSet" }}
  replicas: {{ $spec.replicas | int }}
  {{- end }}
  revisionHistoryLimit: {{ $spec.revisionHistoryLimit | int }}
  {{- $startup := include "common.pod.probe.startup" . | int }}
  {{- if and $startup (eq $spec.type "Deployment") }}
  {{- /* At its end Argo CD calls it Degraded. 600 is the API server's default: enough to schedule, pull and initialise. */}}
  progressDeadlineSeconds: {{ add 600 $startup }}
  {{- end }}
  {{- if eq $spec.type "StatefulSet" }}
  serviceName: {{ include "common.names.service" (dict "root" .root "id" ($spec.serviceName | default .id)) }}
  {{- end }}
  {{- if or $spec.strategy $spec.rollingUpdate }}
  {{ eq $spec.type "Deployment" | ternary "strategy" "updateStrategy" }}:
    type: {{ $spec.strategy | default "RollingUpdate" }}
    {{- with $spec.rollingUpdate }}
    rollingUpdate:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with $spec.podManagementPolicy }}
  podManagementPolicy: {{ . }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "common.labels.selector" (dict "root" .root "component" .id) | nindent 6 }}
  template:
    {{- include "common.pod.template" . | nindent 4 }}
  {{- with $spec.volumeClaims }}
  volumeClaimTemplates:
    {{- range $id := keys . | sortAlpha }}
    {{- $claim := index $spec.volumeClaims $id }}
    - metadata:
        name: {{ $id }}
        labels:
          {{- include "common.labels.selector" (dict "root" $.root "component" $.id) | nindent 10 }}
      spec:
        {{- include "common.kinds.claim.spec" (dict "root" $.root "spec" $claim) | nindent 8 }}
    {{- end }}
  {{- end }}
{{- end -}}
