{{- define "common.all" -}}
{{- range $id, $controller := .Values.controllers }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $id }}
  namespace: {{ $.Release.Namespace }}
spec:
  replicas: {{ $controller.replicas | default 1 }}
  selector:
    matchLabels:
      app: {{ $.Chart.Name }}
  template:
    metadata:
      labels:
        app: {{ $.Chart.Name }}
    spec:
      containers:
        - name: app
          image: {{ required "an image is needed" $controller.image }}
{{- end }}
{{- range $id, $object := .Values.extra }}
---
{{ toYaml $object }}
{{- end }}
{{- end -}}
