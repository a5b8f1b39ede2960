{{- /*
common.validate: the rules across fields, beside the kind of entry that they are about; a disabled entry is not validated.
`helm lint` ignores `fail`: only `helm template` runs the rules.
Input: root. Output: nothing, or an error with the object, the fact, and what to set.
*/ -}}
{{- define "common.validate" -}}
{{- include "common.render.each" (dict "root" . "map" .Values.controllers "template" "common.validate.controller") -}}
{{- include "common.render.each" (dict "root" . "map" .Values.rbac "template" "common.validate.rbac") -}}
{{- include "common.validate.service" . -}}
{{- include "common.render.each" (dict "root" . "map" .Values.config "template" "common.validate.config") -}}
{{- include "common.render.each" (dict "root" . "map" .Values.persistence "template" "common.validate.persistence") -}}
{{- include "common.render.each" (dict "root" . "map" .Values.route "template" "common.validate.route") -}}
{{- include "common.validate.metrics" . -}}
{{- include "common.validate.network" . -}}
{{- include "common.render.each" (dict "root" . "map" .Values.webhooks "template" "common.validate.webhook") -}}
{{- include "common.render.each" (dict "root" . "map" .Values.databases "template" "common.validate.database") -}}
{{- end -}}
