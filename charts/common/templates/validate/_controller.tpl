{{- /*
common.validate.controller: the fields of a workload fit its type, its volumes and each other.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.controller" -}}
{{- $spec := mustMergeOverwrite (deepCopy .root.Values.common.controller) (deepCopy .spec) -}}
{{- $args := dict "root" .root "id" .id "spec" $spec "where" (printf "%s: controller %s" .root.Chart.Name .id) -}}
{{- include "common.validate.controller.type" $args -}}
{{- include "common.validate.controller.account" $args -}}
{{- include "common.validate.controller.volumes" $args -}}
{{- include "common.validate.container" $args -}}
{{- end -}}

{{- /* common.validate.controller.type: what only some types have. Input: root, id, spec (merged), where. */ -}}
{{- define "common.validate.controller.type" -}}
{{- $strategies := dict "Deployment" (list "Recreate" "RollingUpdate") "StatefulSet" (list "OnDelete" "RollingUpdate") "DaemonSet" (list "OnDelete" "RollingUpdate") -}}
{{- $allowed := dig .spec.type list $strategies -}}
{{- if and (eq .spec.type "CronJob") (not (dig "cron" "schedule" "" .spec)) -}}
{{- fail (printf "%s is a CronJob without a schedule; set controllers.%s.cron.schedule" .where .id) -}}
{{- end -}}
{{- if and .spec.volumeClaims (ne .spec.type "StatefulSet") -}}
{{- fail (printf "%s is a %s, which has no volumeClaims; move them to persistence, or set controllers.%s.type to StatefulSet" .where .spec.type .id) -}}
{{- end -}}
{{- if and .spec.strategy (not (has .spec.strategy $allowed)) -}}
{{- fail (printf "%s is a %s, which has no strategy %s; set controllers.%s.strategy to %s" .where .spec.type .spec.strategy .id (join " or " $allowed | default "null")) -}}
{{- end -}}
{{- if and .spec.rollingUpdate (ne (.spec.strategy | default "RollingUpdate") "RollingUpdate") -}}
{{- fail (printf "%s has rollingUpdate, but the strategy %s; remove controllers.%s.rollingUpdate" .where .spec.strategy .id) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.controller.account: a token belongs to a service account of the chart. Input: root, id, spec, where. */ -}}
{{- define "common.validate.controller.account" -}}
{{- $account := dig "pod" "serviceAccount" "" .spec -}}
{{- if and (dig "pod" "token" false .spec) (not $account) -}}
{{- fail (printf "%s mounts the token of the default service account; set controllers.%s.pod.serviceAccount" .where .id) -}}
{{- end -}}
{{- if and $account (ne (include "common.render.enabled" (index (.root.Values.serviceAccount | default dict) $account)) "true") -}}
{{- fail (printf "%s uses the service account %q, which does not exist or is disabled; add serviceAccount.%s" .where $account $account) -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.controller.volumes: a volume has one definition, and a claim that one node or one pod may write is never asked for
by two pods. ReadOnlyMany and ReadWriteMany admit any number.
Input: root, id, spec (merged), where. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.controller.volumes" -}}
{{- $replicas := has .spec.type (list "Deployment" "StatefulSet") | ternary (int .spec.replicas) 1 -}}
{{- $rolling := and (eq .spec.type "Deployment") (ne (.spec.strategy | default "RollingUpdate") "Recreate") -}}
{{- range $claim, $entry := .root.Values.persistence -}}
{{- if and (eq (include "common.render.enabled" $entry) "true") (eq (include "common.pod.mounts.any" (dict "entry" $entry "id" $.id "spec" $.spec)) "true") -}}
{{- if hasKey ($.spec.volumeClaims | default dict) $claim -}}
{{- fail (printf "%s: persistence and volumeClaims both have a volume %s; rename controllers.%s.volumeClaims.%s" $.where $claim $.id $claim) -}}
{{- end -}}
{{- $mode := $entry.accessMode | default "ReadWriteOnce" -}}
{{- if and (eq (include "common.pod.volumes.type" $entry) "claim") (has $mode (list "ReadWriteOnce" "ReadWriteOncePod")) -}}
{{- if gt $replicas 1 -}}
{{- fail (printf "%s has %d replicas, but the claim %s is %s; set controllers.%s.replicas to 1, or persistence.%s.accessMode to ReadWriteMany" $.where $replicas $claim $mode $.id $claim) -}}
{{- end -}}
{{- if $rolling -}}
{{- fail (printf "%s has the strategy RollingUpdate, but the claim %s is %s; set controllers.%s.strategy to Recreate" $.where $claim $mode $.id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.controller.known: an entry that names a controller names one that exists. Input: root, field, owner, known. */ -}}
{{- define "common.validate.controller.known" -}}
{{- if and .owner (not (hasKey .known .owner)) -}}
{{- fail (printf "%s: %s belongs to the controller %q, which does not exist; set %s.controller to one of: %s" .root.Chart.Name .field .owner .field (keys .known | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
