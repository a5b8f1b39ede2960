{{- /*
common.all: every object of a service, in the order in which they are rendered; none while what the chart requires is disabled.
Input: the chart's root context. Output: a YAML stream.
*/ -}}
{{- define "common.all" -}}
{{- $values := mustMergeOverwrite (deepCopy .Values) (dict "global" .Values.common.global) -}}
{{- $root := dict "Values" $values "Chart" .Chart "Release" .Release "Files" .Files "Template" .Template -}}
{{- if eq (include "common.render.required" (dict "root" $root "entry" $values)) "true" -}}
{{- include "common.validate.backup" $root -}}
{{- include "common.backup" $root -}}
{{- include "common.validate" $root -}}
{{- include "common.render.each" (dict "root" $root "map" $values.serviceAccount "template" "common.kinds.serviceAccount") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.rbac "template" "common.kinds.rbac") -}}
{{- if ne (toString (dig "enabled" true ($values.network | default dict))) "false" -}}
{{- include "common.render.each" (dict "root" $root "map" $values.controllers "template" "common.kinds.networkPolicy") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.databases "template" "common.kinds.databasePods.policy") -}}
{{- end -}}
{{- include "common.render.each" (dict "root" $root "map" $values.config "template" "common.kinds.configMap") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.persistence "template" "common.kinds.claim") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.databases "template" "common.kinds.database") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.controllers "template" "common.kinds.controller") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.service "template" "common.kinds.service") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.route "template" "common.kinds.route") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.metrics "template" "common.kinds.serviceMonitor") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.webhooks "template" "common.kinds.webhook") -}}
{{- include "common.render.each" (dict "root" $root "map" $values.extraObjects "template" "common.kinds.extraObject") -}}
{{- end -}}
{{- end -}}
