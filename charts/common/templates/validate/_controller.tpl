{{- /*
common.validate.controller: what a workload of its type can be.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.controller" -}}
{{- $spec := mustMergeOverwrite (deepCopy .root.Values.common.controller) (deepCopy .spec) -}}
{{- $args := dict "root" .root "id" .id "spec" $spec -}}
{{- include "common.validate.controller.strategy" $args -}}
{{- include "common.validate.controller.writers" $args -}}
{{- include "common.validate.container" $args -}}
{{- include "common.validate.reference" $args -}}
{{- end -}}

{{- /* common.validate.controller.strategy: each type replaces its pods in its own ways. Input: root, id, spec. */ -}}
{{- define "common.validate.controller.strategy" -}}
{{- $known := dict "Deployment" (list "Recreate" "RollingUpdate") "StatefulSet" (list "OnDelete" "RollingUpdate") "DaemonSet" (list "OnDelete" "RollingUpdate") -}}
{{- $allowed := dig .spec.type list $known -}}
{{- if and .spec.strategy (not (has .spec.strategy $allowed)) -}}
{{- fail (printf "%s: controller %s is a %s, which has no strategy %s; set controllers.%s.strategy to %s" .root.Chart.Name .id .spec.type .spec.strategy .id (join " or " $allowed | default "null")) -}}
{{- end -}}
{{- if and .spec.rollingUpdate (ne (.spec.strategy | default "RollingUpdate") "RollingUpdate") -}}
{{- fail (printf "%s: controller %s has rollingUpdate, but the strategy %s; remove controllers.%s.rollingUpdate" .root.Chart.Name .id .spec.strategy .id) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.controller.writers: no two pods, and no two volumes of one name. Input: root, id, spec. */ -}}
{{- define "common.validate.controller.writers" -}}
{{- $where := printf "%s: controller %s" .root.Chart.Name .id -}}
{{- range $claim, $entry := .root.Values.persistence -}}
{{- if and $entry (eq (include "common.render.enabled" $entry) "true") (eq (include "common.pod.mounted" (dict "entry" $entry "id" $.id "spec" $.spec)) "true") -}}
{{- if hasKey ($.spec.volumeClaims | default dict) $claim -}}
{{- fail (printf "%s: persistence and volumeClaims both have a volume %s; rename controllers.%s.volumeClaims.%s" $where $claim $.id $claim) -}}
{{- end -}}
{{- $alone := not (has ($entry.accessMode | default "ReadWriteOnce") (list "ReadWriteMany" "ReadOnlyMany")) -}}
{{- if and $alone (eq (include "common.pod.volume.type" $entry) "claim") (has $.spec.type (list "Deployment" "StatefulSet")) (gt (int $.spec.replicas) 1) -}}
{{- fail (printf "%s runs %d pods, but the claim %s admits one node; set controllers.%s.replicas to 1, or persistence.%s.accessMode to ReadWriteMany" $where (int $.spec.replicas) $claim $.id $claim) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.reference: what containers read from secrets and configuration is declared.
Input: root, id, spec (the controller). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.reference" -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index $.spec $role -}}
{{- range $source := list "env" "envFrom" -}}
{{- range $key, $value := index ($container | default dict) $source -}}
{{- if kindIs "map" $value -}}
{{- $args := dict "root" $.root "value" $value "where" (printf "%s: controller %s: container %s" $.root.Chart.Name $.id $name) -}}
{{- include "common.validate.reference.secret" $args -}}
{{- include "common.validate.reference.config" $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.reference.secret: every key that is read is declared. Input: root, value, where. */ -}}
{{- define "common.validate.reference.secret" -}}
{{- with .value.secret -}}
{{- $secret := dig . dict ($.root.Values.secrets | default dict) -}}
{{- if and $.value.key $secret (not (has $.value.key $secret.keys)) -}}
{{- fail (printf "%s reads the key %q of the secret %q, which does not list it; add it to secrets.%s.keys" $.where $.value.key . .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.reference.config: every configuration that is read exists. Input: root, value, where. */ -}}
{{- define "common.validate.reference.config" -}}
{{- with .value.config -}}
{{- $config := dig . dict ($.root.Values.config | default dict) -}}
{{- if or (not $config) (ne (include "common.render.enabled" $config) "true") -}}
{{- fail (printf "%s reads the config %q, which does not exist or is off; add config.%s" $.where . .) -}}
{{- end -}}
{{- if and $.value.key (not (hasKey $config.files $.value.key)) -}}
{{- fail (printf "%s reads the file %q of the config %q, which does not have it; add config.%s.files" $.where $.value.key . .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.config: a configuration has files, its own or those of a folder that is there.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.config" -}}
{{- range $id, $spec := .Values.config -}}
{{- if and $spec (eq (include "common.render.enabled" $spec) "true") -}}
{{- if not (or $spec.files $spec.folder) -}}
{{- fail (printf "%s: config %s has no file; add config.%s.files or config.%s.folder" $.Chart.Name $id $id $id) -}}
{{- end -}}
{{- with $spec.folder -}}
{{- if not ($.Files.Glob (printf "%s/*" .)) -}}
{{- fail (printf "%s: config %s reads the folder %q, which has no file" $.Chart.Name $id .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
