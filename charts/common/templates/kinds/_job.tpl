{{- /*
common.kinds.job: a Job. Its template is immutable, so a hash of it is in the name: another template is another Job.
Input: root, id, spec (merged), name. Output: one document.
*/ -}}
{{- define "common.kinds.job" -}}
{{- $body := include "common.kinds.job.spec" . | trim -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "common.kinds.controller.metadata" (mergeOverwrite (dict) . (dict "name" (printf "%s-%s" .name (sha256sum $body | trunc 8)))) | nindent 2 }}
spec:
  {{- $body | nindent 2 }}
{{- end -}}

{{- /*
common.kinds.job.cron: a CronJob.
Input: root, id, spec (merged), name. Output: one document.
*/ -}}
{{- define "common.kinds.job.cron" -}}
{{- $cron := .spec.cron -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "common.kinds.controller.metadata" . | nindent 2 }}
spec:
  schedule: {{ $cron.schedule | quote }}
  timeZone: {{ include "common.render.text" (dict "root" .root "text" ($cron.timeZone | default .root.Values.global.timezone)) | quote }}
  concurrencyPolicy: {{ $cron.concurrencyPolicy | default "Forbid" }}
  suspend: {{ $cron.suspend | default false }}
  successfulJobsHistoryLimit: {{ dig "successfulJobsHistoryLimit" 1 $cron | int }}
  failedJobsHistoryLimit: {{ dig "failedJobsHistoryLimit" 3 $cron | int }}
  {{- with $cron.startingDeadlineSeconds }}
  startingDeadlineSeconds: {{ . | int }}
  {{- end }}
  jobTemplate:
    spec:
      {{- include "common.kinds.job.spec" . | trim | nindent 6 }}
{{- end -}}

{{- /*
common.kinds.job.spec: spec of a Job.
Input: root, id, spec (merged). Output: YAML.
*/ -}}
{{- define "common.kinds.job.spec" -}}
{{- $spec := mustMergeOverwrite (dict "pod" (dict "restartPolicy" "OnFailure")) (deepCopy .spec) -}}
{{- range $key := list "backoffLimit" "activeDeadlineSeconds" "parallelism" "completions" "ttlSecondsAfterFinished" }}
{{- if hasKey ($spec.job | default dict) $key }}
{{ $key }}: {{ index $spec.job $key | int }}
{{- end }}
{{- end }}
{{- with ($spec.job | default dict).finalExitCodes }}
podFailurePolicy:
  rules:
    - action: FailJob
      onExitCodes: {operator: In, values: {{ toJson . }}}
{{- end }}
template:
  {{- include "common.pod.template" (dict "root" .root "id" .id "spec" $spec) | nindent 2 }}
{{- end -}}
