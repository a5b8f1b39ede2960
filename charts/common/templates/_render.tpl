{{- /*
common.render.each: one document for each enabled entry of a map, by identifier.
Input: root, map, template (name of a define that takes root, id, spec). Output: a YAML stream.
*/ -}}
{{- define "common.render.each" -}}
{{- range $id := keys (.map | default dict) | sortAlpha -}}
{{- $spec := index $.map $id -}}
{{- if and (not (kindIs "invalid" $spec)) (eq (include "common.render.enabled" $spec) "true") -}}
{{- $text := include $.template (dict "root" $.root "id" $id "spec" $spec) | trim -}}
{{- if $text }}
---
{{ $text }}
{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.render.enabled: whether an entry is enabled; the default is true, and an entry set to null is not.
Input: the entry. Output: `true` or `false`.
*/ -}}
{{- define "common.render.enabled" -}}
{{- if kindIs "map" . -}}{{ ne (toString (dig "enabled" true .)) "false" }}{{- else -}}{{ not (kindIs "invalid" .) }}{{- end -}}
{{- end -}}

{{- /*
common.render.required: whether what an entry, or the chart, requires of the platform is enabled; without `requires` it is.
Input: root, entry. Output: `true` or `false`.
*/ -}}
{{- define "common.render.required" -}}
{{- $facts := dig "requires" "" (.entry | default dict) -}}
{{- or (empty $facts) (dig $facts "enabled" false .root.Values.global) -}}
{{- end -}}

{{- /*
common.render.text: a text that may be a template. Each tpl call copies every template, so plain text is returned as it is.
Input: root, text. Output: text.
*/ -}}
{{- define "common.render.text" -}}
{{- $text := toString .text -}}
{{- if contains "{{" $text -}}{{ tpl $text .root }}{{- else -}}{{ $text }}{{- end -}}
{{- end -}}

{{- /*
common.render.map: a map as YAML; the templates in its texts are rendered by one tpl call.
Input: root, map. Output: YAML, empty for an empty map.
*/ -}}
{{- define "common.render.map" -}}
{{- if .map -}}{{ include "common.render.text" (dict "root" .root "text" (toYaml .map)) }}{{- end -}}
{{- end -}}
