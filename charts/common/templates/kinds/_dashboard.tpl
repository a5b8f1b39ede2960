{{- /*
common.kinds.dashboard: what the start page (gethomepage.dev) shows for the service, as annotations of its first route.
Input: root, id and host (the route's). Output: YAML map, empty without a dashboard entry and for other routes.
*/ -}}
{{- define "common.kinds.dashboard" -}}
{{- $routes := list -}}
{{- range $id, $route := .root.Values.route -}}
{{- if and $route (eq (include "common.render.enabled" $route) "true") -}}{{- $routes = append $routes $id -}}{{- end -}}
{{- end -}}
{{- $dashboard := .root.Values.dashboard -}}
{{- if and $dashboard (eq .id (first (sortAlpha $routes))) -}}
gethomepage.dev/enabled: "true"
gethomepage.dev/href: {{ include "common.render.text" (dict "root" .root "text" ($dashboard.href | default (printf "https://%s" .host))) | quote }}
{{- range $key := list "name" "icon" "group" "description" }}
{{- with index $dashboard $key }}
gethomepage.dev/{{ $key }}: {{ include "common.render.text" (dict "root" $.root "text" .) | quote }}
{{- end }}
{{- end }}
{{- range $key := keys ($dashboard.widget | default dict) | sortAlpha }}
gethomepage.dev/widget.{{ $key }}: {{ include "common.render.text" (dict "root" $.root "text" (index $dashboard.widget $key)) | quote }}
{{- end }}
{{- end -}}
{{- end -}}
