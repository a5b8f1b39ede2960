{{- define "common.all" -}}{{- end -}}
