{{- /*
common.kinds.dashboard: the entry of the service on the dashboard (gethomepage.dev), as annotations of its first route.
Input: root, id and host (the route's), url (of the Service behind it). Output: YAML map, empty without a dashboard entry
and for other routes.
*/ -}}
{{- define "common.kinds.dashboard" -}}
{{- $routes := list -}}
{{- range $id, $route := .root.Values.route -}}
{{- if and $route (eq (include "common.render.enabled" $route) "true") -}}{{- $routes = append $routes $id -}}{{- end -}}
{{- end -}}
{{- $dashboard := .root.Values.dashboard | default dict -}}
{{- if and $dashboard.name (eq .id (first (sortAlpha $routes) | default .id)) -}}
gethomepage.dev/enabled: "true"
gethomepage.dev/app: {{ .root.Chart.Name }}
gethomepage.dev/href: {{ include "common.render.text" (dict "root" .root "text" ($dashboard.href | default (printf "https://%s" .host))) | quote }}
{{- range $key := list "name" "icon" "group" "description" }}
{{- with index $dashboard $key }}
gethomepage.dev/{{ $key }}: {{ include "common.render.text" (dict "root" $.root "text" .) | quote }}
{{- end }}
{{- end }}
{{- with $dashboard.widget }}
{{- include "common.kinds.dashboard.widget" (dict "root" $.root "widget" . "url" $.url) }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.dashboard.widget: metrics of the service, which the dashboard reads inside the cluster. Credentials are references: the
dashboard replaces them from its own secret.
Input: root, widget, url (of the Service). Output: YAML map.
*/ -}}
{{- define "common.kinds.dashboard.widget" }}
gethomepage.dev/widget.type: {{ .widget.type }}
gethomepage.dev/widget.url: {{ include "common.render.text" (dict "root" .root "text" (.widget.url | default .url)) | quote }}
{{- range $field := keys (.widget.secrets | default dict) | sortAlpha }}
gethomepage.dev/widget.{{ $field }}: {{ printf "{{HOMEPAGE_VAR_%s}}" (index $.widget.secrets $field) | quote }}
{{- end }}
{{- range $field := keys (.widget.options | default dict) | sortAlpha }}
{{- $value := index $.widget.options $field }}
gethomepage.dev/widget.{{ $field }}: {{ if kindIs "slice" $value }}{{ toJson $value | quote }}{{ else }}{{ include "common.pod.env.text" (dict "root" $.root "value" $value) }}{{ end }}
{{- end }}
{{- end -}}
