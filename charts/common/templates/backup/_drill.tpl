{{- /*
common.backup.drill: the CronJob that restores the newest snapshot of the service into volumes that end with its pod, opens what came
back, and records that in the repository. No volume of the service is part of it.
Input: root (its values are extended), plan. Output: nothing.
*/ -}}
{{- define "common.backup.drill" -}}
{{- $plan := .plan -}}
{{- $values := .root.Values -}}
{{- $python := $values.common.backup.sqlite.image -}}
{{- $resources := $values.common.backup.resources -}}
{{- $work := dict -}}
{{- range $name := list "recent" "check" -}}{{- $_ := set $work (printf "drill/%s" $name) (list (dict "path" "/work")) -}}{{- end -}}
{{- $persistence := dict "drill-work" (dict "mounts" $work) -}}
{{- $pod := dict -}}
{{- $init := dict -}}
{{- range $volume := $plan.volumes -}}
{{- $entry := index $values.backup $volume.entry -}}
{{- $source := index $values.persistence $entry.persistence -}}
{{- if ne (dig "drill" "method" "restore" $entry) "read" -}}
{{- $claim := include "common.backup.drill.claim" (dict "root" $.root "entry" $entry "source" $source) | fromYaml -}}
{{- $mounts := list (dict "path" $volume.path) -}}
{{- $_ := set $persistence (printf "drill-%s" $entry.persistence) (merge (dict "mounts" (dict "drill/restore" $mounts "drill/check" $mounts)) $claim) -}}
{{- end -}}
{{- $pod = mergeOverwrite (include "common.backup.owner" (dict "root" $.root "volume" $entry.persistence) | fromYaml) $pod -}}
{{- end -}}
{{- range $database := $plan.databases -}}
{{- $entry := index $values.backup $database.entry -}}
{{- $source := dict -}}
{{- with $entry.database -}}{{- $source = index $values.databases . -}}{{- end -}}
{{- $image := $source.image | default $entry.image -}}
{{- $container := include "common.backup.check.load" (dict "root" $.root "database" $database "image" $image "preload" $source.preload) | fromYaml -}}
{{- $_ := set $init $database.load $container -}}
{{- $_ := set $work (printf "drill/%s" $database.load) (list (dict "path" "/work")) -}}
{{- $claim := include "common.backup.drill.claim" (dict "root" $.root "entry" $entry "source" $source) | fromYaml -}}
{{- $_ := set $persistence (printf "drill-%s" $database.load) (merge (dict "mounts" (dict (printf "drill/%s" $database.load) (list (dict "path" "/database")))) $claim) -}}
{{- end -}}
{{- with $plan.dump -}}
{{- $mounts := dict -}}
{{- range $name := concat (list "restore" "check") (keys $init) -}}{{- $_ := set $mounts (printf "drill/%s" $name) (list (dict "path" $plan.dump)) -}}{{- end -}}
{{- $_ := set $persistence "drill-dump" (dict "type" "emptyDir" "mounts" $mounts) -}}
{{- end -}}
{{- $restic := dict -}}
{{- range $name, $script := dict "newest" (include "common.backup.check.newest" .) "restore" (include "common.backup.check.restore" .) "record" (include "common.backup.check.record" .) -}}
{{- $_ := set $restic $name (include "common.backup.container.restic" (dict "root" $.root "script" $script) | fromYaml) -}}
{{- end -}}
{{- $recent := dict "image" $python "resources" $resources "command" (list "python3" "-c" (include "common.backup.check.recent" .))
      "args" (list "/work" .root.Chart.Name (include "common.backup.drill.limit" .root)) -}}
{{- $check := dict "image" $python "resources" $resources "command" (list "python3" "-c" (include "common.backup.check.opens" .))
      "args" (list "/work" (include "common.backup.drill.expected" .)) -}}
{{- $_ := mustMergeOverwrite $init (dict "newest" (merge (dict "order" -3) $restic.newest) "recent" (merge (dict "order" -2) $recent)
      "restore" (merge (dict "order" -1) $restic.restore) "check" (merge (dict "order" 1) $check)) -}}
{{- /* A claim of the pod goes with the pod; a second try has another one. So a verdict is final. */ -}}
{{- $job := dict "backoffLimit" 1 "ttlSecondsAfterFinished" 3600 "finalExitCodes" (list 65) -}}
{{- $more := include "common.backup.controller" (dict "root" .root "id" "drill" "schedule" (include "common.backup.schedule.drill" .root)
      "pod" $pod "job" $job "init" $init "containers" (dict "record" $restic.record)) | fromYaml -}}
{{- $_ := mustMergeOverwrite $values $more (dict "persistence" $persistence) -}}
{{- end -}}

{{- /*
common.backup.drill.claim: a claim that ends with its pod, as large as what was backed up.
Input: root, entry, source (the volume or database; empty when another chart has it). Output: YAML, a persistence entry.
*/ -}}
{{- define "common.backup.drill.claim" -}}
{{- $facts := .root.Values.global.backup.drill -}}
{{- $size := dig "drill" "size" "" .entry | default .source.size | default $facts.size -}}
type: ephemeral
size: {{ $size }}
{{- with $facts.storageClass | default .source.storageClass }}
storageClass: {{ . | quote }}
{{- end }}
{{- end -}}

{{- /*
common.backup.drill.limit: how old the newest snapshot may be: a day after the one before, and as long as a backup may take.
Input: root. Output: text, seconds.
*/ -}}
{{- define "common.backup.drill.limit" -}}
{{ add 86400 (int .Values.global.backup.activeDeadlineSeconds) }}
{{- end -}}

{{- /*
common.backup.drill.expected: what the check opens.
Input: root, plan. Output: JSON: volumes (path, read: whether it was read without being written, mayBeEmpty, dump, sqlite), databases
(names of the containers that loaded one).
*/ -}}
{{- define "common.backup.drill.expected" -}}
{{- $volumes := list -}}
{{- range $volume := .plan.volumes -}}
{{- $drill := (index $.root.Values.backup $volume.entry).drill | default dict -}}
{{- $volumes = append $volumes (dict "path" $volume.path "read" (eq ($drill.method | default "") "read") "mayBeEmpty" ($drill.mayBeEmpty | default false)
      "dump" (dig "sqlite" "dump" "" $volume) "sqlite" (dig "sqlite" "files" list $volume)) -}}
{{- end -}}
{{- $databases := list -}}
{{- range .plan.databases }}{{- $databases = append $databases .load -}}{{- end -}}
{{- toJson (dict "volumes" $volumes "databases" $databases) -}}
{{- end -}}
