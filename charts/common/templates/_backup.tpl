{{- /*
common.backup: the chart's `backup` entries as CronJobs, in the vocabulary of the values: a controller `backup`, mounts of the
volumes, the accounts, the edges; a controller `drill` that restores what it made; and a controller `retention` for the chart that
keeps the namespace's repository. They are then rendered and validated like any other controller.
Input: root (its values are extended). Output: nothing.
*/ -}}
{{- define "common.backup" -}}
{{- $plan := include "common.backup.plan" . | fromYaml -}}
{{- $retention := include "common.backup.retention" . -}}
{{- if and .Values.global.backup.enabled (or $plan $retention) -}}
{{- $facts := .Values.global.backup -}}
{{- $secrets := dict "backup-repository" (dict "name" $facts.secret "keys" (list "RESTIC_REPOSITORY" "RESTIC_PASSWORD") "purpose" "Repository of the backups") -}}
{{- $_ := mustMergeOverwrite .Values (dict "secrets" $secrets) -}}
{{- if $plan -}}
{{- include "common.backup.copies" (dict "root" . "plan" $plan) -}}
{{- if $facts.drill.enabled -}}{{- include "common.backup.drill" (dict "root" . "plan" $plan) -}}{{- end -}}
{{- end -}}
{{- if $retention -}}
{{- $restic := include "common.backup.container.restic" (dict "root" . "script" (include "common.backup.container.retention" (dict "root" .))) | fromYaml -}}
{{- $_ := mustMergeOverwrite .Values (include "common.backup.controller" (dict "root" . "id" "retention" "containers" (dict "restic" $restic)) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.backup.retention: whether an entry of the chart keeps the repository of the namespace.
Input: root. Output: `true` or nothing.
*/ -}}
{{- define "common.backup.retention" -}}
{{- range $entry := .Values.backup -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (eq ($entry.method | default "") "retention") -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.backup.controller: a CronJob that runs restic, with what each of them has: the folder of its cache, the edge to the repository.
A pod that failed is replaced and not restarted: what keeps the application quiet ends with it.
Input: root, id, schedule, annotations, job (its options; all three may be left out), init, sidecars, containers (by identifier),
pod (its options).
Output: YAML, values.
*/ -}}
{{- define "common.backup.controller" -}}
{{- $facts := .root.Values.global.backup -}}
{{- /* An alert reports one that failed; Argo CD would set the application to Degraded and stop a sync. */ -}}
{{- $annotations := merge (dict "argocd.argoproj.io/ignore-healthcheck" "true") (.annotations | default dict) -}}
{{- $cron := dict "schedule" (.schedule | default (include "common.backup.schedule.last" .root)) -}}
{{- $job := merge (dict "activeDeadlineSeconds" $facts.activeDeadlineSeconds) (.job | default (dict "backoffLimit" 2)) -}}
{{- /* restic removes its lock within a minute. */ -}}
{{- $pod := merge (dict "restartPolicy" "Never" "terminationGracePeriodSeconds" 90) (.pod | default dict) -}}
{{- $controller := dict "type" "CronJob" "wave" .root.Values.common.waves.workload "annotations" $annotations "cron" $cron "job" $job
      "pod" $pod "sidecars" (.sidecars | default dict) "init" (.init | default dict) "containers" .containers -}}
{{- $mounts := dict -}}
{{- range $name, $container := merge (dict) .containers (.init | default dict) -}}
{{- if hasKey ($container.envFrom | default dict) "backup-repository" -}}{{- $_ := set $mounts (printf "%s/%s" $.id $name) (list (dict "path" "/work")) -}}{{- end -}}
{{- end -}}
{{- $work := dict "type" "emptyDir" "sizeLimit" "2Gi" "mounts" $mounts -}}
{{- $egress := dict "controller" .id "to" (dict "peer" $facts.peer) "ports" $facts.ports -}}
{{- toYaml (dict "controllers" (dict .id $controller) "persistence" (dict (printf "%s-work" .id) $work)
      "network" (dict "egress" (dict (printf "%s-repository" .id) $egress))) -}}
{{- end -}}

{{- /*
common.backup.copies: the CronJob that backs up what the plan has.
Input: root (its values are extended), plan. Output: nothing.
*/ -}}
{{- define "common.backup.copies" -}}
{{- $plan := .plan -}}
{{- $values := .root.Values -}}
{{- $reader := printf "backup/%s" $plan.restic -}}
{{- $persistence := dict -}}
{{- $secrets := dict -}}
{{- $egress := dict -}}
{{- $dumps := dict -}}
{{- $quiet := dict -}}
{{- $pod := dict -}}
{{- range $volume := $plan.volumes -}}
{{- $entry := index $values.backup $volume.entry -}}
{{- $mounts := dict $reader (list (dict "path" $volume.path "readOnly" true)) -}}
{{- with $volume.sqlite -}}
{{- $_ := set $dumps .container (include "common.backup.container.sqlite" (dict "root" $.root "volume" $volume) | fromYaml) -}}
{{- $_ := set $mounts (printf "backup/%s" .container) (list (dict "path" $volume.path)) -}}
{{- end -}}
{{- with $volume.quiet -}}
{{- /* Before every dump. */ -}}
{{- $_ := set $quiet . (mergeOverwrite (deepCopy $entry.quiet) (dict "order" -1)) -}}
{{- $_ := set $mounts (printf "backup/%s" .) (list (dict "path" $volume.path)) -}}
{{- end -}}
{{- $_ := set $persistence $entry.persistence (dict "mounts" $mounts) -}}
{{- $pod = mergeOverwrite (include "common.backup.owner" (dict "root" $.root "volume" $entry.persistence) | fromYaml) $pod -}}
{{- end -}}
{{- range $database := $plan.databases -}}
{{- $entry := index $values.backup $database.entry -}}
{{- $image := $entry.image -}}
{{- $secret := $entry.secret -}}
{{- $cluster := dig ($secret | default "") "database" "" ($values.secrets | default dict) -}}
{{- with $entry.database -}}
{{- $image = (index $values.databases .).image -}}
{{- $secret = printf "backup-%s" . -}}
{{- $cluster = include "common.names.object" (dict "root" $.root "id" .) -}}
{{- $_ := set $secrets $secret (dict "database" $cluster "keys" (list "host" "port" "dbname" "username" "password") "purpose" "Account of the database") -}}
{{- end -}}
{{- $_ := set $dumps $database.container (include "common.backup.container.dump" (dict "root" $.root "file" $database.file "image" $image "secret" $secret) | fromYaml) -}}
{{- $_ := set $egress (printf "backup-%s" ($entry.database | default $entry.secret)) (dict "controller" "backup" "to" (dict "database" $cluster) "ports" (list 5432)) -}}
{{- end -}}
{{- with $plan.dump -}}
{{- $mounts := dict $reader (list (dict "path" . "readOnly" true)) -}}
{{- range $name := keys $dumps -}}{{- $_ := set $mounts (printf "backup/%s" $name) (list (dict "path" $plan.dump)) -}}{{- end -}}
{{- $_ := set $persistence "backup-dump" (dict "type" "emptyDir" "mounts" $mounts) -}}
{{- end -}}
{{- /* Before anything is quiet: who waits for the repository here keeps nobody waiting. */ -}}
{{- $first := include "common.backup.container.restic" (dict "root" .root "script" (include "common.backup.container.repository" .)) | fromYaml -}}
{{- $init := merge (dict "repository" (merge (dict "order" -2) $first)) $dumps -}}
{{- $restic := include "common.backup.container.restic" (dict "root" .root "script" (include "common.backup.container.copy" .)) | fromYaml -}}
{{- $more := include "common.backup.controller" (dict "root" .root "id" "backup" "schedule" (include "common.backup.schedule" .)
      "annotations" (dict "slipway.homelab/backup" (toJson $plan)) "pod" $pod "sidecars" $quiet "init" $init "containers" (dict $plan.restic $restic)) | fromYaml -}}
{{- $_ := mustMergeOverwrite $values $more (dict "persistence" $persistence "secrets" $secrets "network" (dict "egress" $egress)) -}}
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
{{ include "common.backup.schedule.at" (dict "hour" $facts.hour "minute" $minute) }}
{{- end -}}

{{- /*
common.backup.schedule.last: half an hour after the last backup has started.
Input: root. Output: text.
*/ -}}
{{- define "common.backup.schedule.last" -}}
{{- $facts := .Values.global.backup -}}
{{ include "common.backup.schedule.at" (dict "hour" $facts.hour "minute" (add 60 (int $facts.spread))) }}
{{- end -}}

{{- /*
common.backup.schedule.drill: two hours after the retention, and spread like the backups, on a day by the name of the service.
Input: root. Output: text.
*/ -}}
{{- define "common.backup.schedule.drill" -}}
{{- $facts := .Values.global.backup -}}
{{- $own := adler32sum .Chart.Name | int -}}
{{- $minute := add 180 (int $facts.spread) (mod $own (int $facts.spread)) -}}
{{- $first := add 1 (mod $own 14) -}}
{{- $days := eq $facts.drill.every "week" | ternary (printf "* * %d" (mod $own 7)) (printf "%d,%d * *" $first (add 14 $first)) -}}
{{ include "common.backup.schedule.at" (dict "hour" $facts.hour "minute" $minute "days" $days) }}
{{- end -}}

{{- /*
common.backup.schedule.at: some minutes after an hour, every day or on some days.
Input: hour, minute, days (the last three fields of cron; may be left out). Output: text.
*/ -}}
{{- define "common.backup.schedule.at" -}}
{{ mod .minute 60 }} {{ mod (add (int .hour) (div .minute 60)) 24 }} {{ .days | default "* * *" }}
{{- end -}}
