{{- /*
common.backup: the chart's `backup` entries as one CronJob, in the vocabulary of the values: a controller `backup`, mounts of the
volumes, the accounts, the edges. It is then rendered and validated like any other controller.
Input: root (its values are extended). Output: nothing.
*/ -}}
{{- define "common.backup" -}}
{{- $values := .Values -}}
{{- $facts := $values.global.backup -}}
{{- $plan := include "common.backup.plan" . | fromYaml -}}
{{- if and $facts.enabled $plan -}}
{{- $reader := printf "backup/%s" $plan.restic -}}
{{- $work := dict "type" "emptyDir" "sizeLimit" "2Gi" "mounts" (dict $reader (list (dict "path" "/work"))) -}}
{{- $persistence := dict "backup-work" $work -}}
{{- $secrets := dict "backup-repository" (dict "name" $facts.secret "keys" (list "RESTIC_REPOSITORY" "RESTIC_PASSWORD") "purpose" "Repository of the backups") -}}
{{- $egress := dict "backup-repository" (dict "controller" "backup" "to" (dict "peer" $facts.peer) "ports" $facts.ports) -}}
{{- $dumps := dict -}}
{{- $quiet := dict -}}
{{- $pod := dict -}}
{{- range $volume := $plan.volumes -}}
{{- $entry := index $values.backup $volume.entry -}}
{{- $mounts := dict $reader (list (dict "path" $volume.path "readOnly" true)) -}}
{{- with $volume.sqlite -}}
{{- $_ := set $dumps .container (include "common.backup.container.sqlite" (dict "root" $ "volume" $volume) | fromYaml) -}}
{{- $_ := set $mounts (printf "backup/%s" .container) (list (dict "path" $volume.path)) -}}
{{- end -}}
{{- with $volume.quiet -}}
{{- /* Before every dump. */ -}}
{{- $_ := set $quiet . (mergeOverwrite (deepCopy $entry.quiet) (dict "order" -1)) -}}
{{- $_ := set $mounts (printf "backup/%s" .) (list (dict "path" $volume.path)) -}}
{{- end -}}
{{- $_ := set $persistence $entry.persistence (dict "mounts" $mounts) -}}
{{- $pod = mergeOverwrite (include "common.backup.owner" (dict "root" $ "volume" $entry.persistence) | fromYaml) $pod -}}
{{- end -}}
{{- range $database := $plan.databases -}}
{{- $entry := index $values.backup $database.entry -}}
{{- $image := $entry.image -}}
{{- $secret := $entry.secret -}}
{{- $cluster := dig ($secret | default "") "database" "" ($values.secrets | default dict) -}}
{{- with $entry.database -}}
{{- $image = (index $values.databases .).image -}}
{{- $secret = printf "backup-%s" . -}}
{{- $cluster = include "common.names.object" (dict "root" $ "id" .) -}}
{{- $_ := set $secrets $secret (dict "database" $cluster "keys" (list "host" "port" "dbname" "username" "password") "purpose" "Account of the database") -}}
{{- end -}}
{{- $_ := set $dumps $database.container (include "common.backup.container.dump" (dict "root" $ "file" $database.file "image" $image "secret" $secret) | fromYaml) -}}
{{- $_ := set $egress (printf "backup-%s" ($entry.database | default $entry.secret)) (dict "controller" "backup" "to" (dict "database" $cluster) "ports" (list 5432)) -}}
{{- end -}}
{{- with $plan.dump -}}
{{- $mounts := dict $reader (list (dict "path" . "readOnly" true)) -}}
{{- range $name := keys $dumps -}}{{- $_ := set $mounts (printf "backup/%s" $name) (list (dict "path" $plan.dump)) -}}{{- end -}}
{{- $_ := set $persistence "backup-dump" (dict "type" "emptyDir" "mounts" $mounts) -}}
{{- end -}}
{{- $restic := include "common.backup.container.restic" (dict "root" . "plan" $plan) | fromYaml -}}
{{- /* An alert reports a failed backup; Argo CD would set the application to Degraded and stop a sync. */ -}}
{{- $annotations := dict "argocd.argoproj.io/ignore-healthcheck" "true" "slipway.homelab/backup" (toJson $plan) -}}
{{- $cron := dict "schedule" (include "common.backup.schedule" (dict "root" . "plan" $plan)) -}}
{{- $job := dict "backoffLimit" 2 "activeDeadlineSeconds" 21600 -}}
{{- $controller := dict "type" "CronJob" "wave" .Values.common.waves.workload "annotations" $annotations "cron" $cron "job" $job
      "pod" $pod "sidecars" $quiet "init" $dumps "containers" (dict $plan.restic $restic) -}}
{{- $more := dict "controllers" (dict "backup" $controller) "persistence" $persistence "secrets" $secrets "network" (dict "egress" $egress) -}}
{{- $_ := mustMergeOverwrite $values $more -}}
{{- end -}}
{{- end -}}

{{- /*
common.backup.owner: pod options of the controller that mounts a volume, so that the backup may read its files.
Input: root, volume. Output: YAML map, empty when they belong to the platform's user.
*/ -}}
{{- define "common.backup.owner" -}}
{{- $entry := dig .volume dict (.root.Values.persistence | default dict) -}}
{{- $owner := dict -}}
{{- range $id := keys (.root.Values.controllers | default dict) | sortAlpha | reverse -}}
{{- $spec := index $.root.Values.controllers $id -}}
{{- if and $spec (eq (include "common.pod.mounts.any" (dict "entry" $entry "id" $id "spec" $spec)) "true") -}}
{{- $owner = dig "pod" "securityContext" dict $spec -}}
{{- end -}}
{{- end -}}
{{- with $owner }}{{ toYaml (dict "securityContext" .) }}{{ end -}}
{{- end -}}

{{- /*
common.backup.schedule: services start at different times, by their names; dumps come before files, so that no file is older than
what a database records about it.
Input: root, plan. Output: text.
*/ -}}
{{- define "common.backup.schedule" -}}
{{- $facts := .root.Values.global.backup -}}
{{- $own := adler32sum .root.Chart.Name | int -}}
{{- $minute := empty .plan.volumes | ternary (mod $own 30) (add 30 (mod $own (int $facts.spread))) | int -}}
{{ mod $minute 60 }} {{ mod (add (int $facts.hour) (div $minute 60)) 24 }} * * *
{{- end -}}
