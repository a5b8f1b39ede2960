{{- /*
common.validate.rbac: rules are bound to a service account of the chart.
Input: root, id, spec. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.rbac" -}}
{{- $account := .spec.serviceAccount | default .id -}}
{{- if ne (include "common.render.enabled" (index (.root.Values.serviceAccount | default dict) $account)) "true" -}}
{{- fail (printf "%s: rbac %s binds the service account %q, which does not exist or is disabled; add serviceAccount.%s, or set rbac.%s.serviceAccount" .root.Chart.Name .id $account $account .id) -}}
{{- end -}}
{{- end -}}
