{{- /*
common.kinds.webhook: a validating or mutating webhook configuration. Each hook inherits the fields of the entry and may override
them.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.webhook" -}}
{{- $name := .spec.name | default (printf "%s-%s" .root.Release.Name (include "common.names.object" .)) -}}
{{- $wave := hasKey .spec "wave" | ternary .spec.wave .root.Values.common.waves.base -}}
{{- $authority := include "common.kinds.webhook.authority" . | fromYaml -}}
apiVersion: admissionregistration.k8s.io/v1
kind: {{ title .spec.type }}WebhookConfiguration
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" $name "component" "" "wave" $wave "spec" .spec "annotations" $authority "clusterScoped" true) | nindent 2 }}
webhooks:
  {{- range $hook := keys .spec.hooks | sortAlpha }}
  {{- $own := index $.spec.hooks $hook }}
  {{- if and $own (eq (include "common.render.enabled" $own) "true") }}
  {{- include "common.kinds.webhook.hook" (dict "root" $.root "name" $hook "spec" (merge (deepCopy $own) (omit $.spec "hooks"))) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- /*
common.kinds.webhook.hook: one hook, merged over the fields of its configuration.
Input: root, name, spec. Output: a YAML list of one.
*/ -}}
{{- define "common.kinds.webhook.hook" -}}
- name: {{ .name }}
  admissionReviewVersions: {{ .spec.reviewVersions | default (list "v1") | toJson }}
  clientConfig:
    service:
      name: {{ include "common.names.service" (dict "root" .root "id" .spec.service) }}
      namespace: {{ include "common.names.namespace" .root }}
      path: {{ .spec.path }}
      {{- with index .root.Values.service .spec.service "ports" (.spec.port | default "") }}
      port: {{ .port | int }}
      {{- end }}
  failurePolicy: {{ .spec.failurePolicy | default "Fail" }}
  {{- with .spec.matchPolicy }}
  matchPolicy: {{ . }}
  {{- end }}
  sideEffects: {{ .spec.sideEffects | default "None" }}
  {{- with .spec.timeoutSeconds }}
  timeoutSeconds: {{ . | int }}
  {{- end }}
  rules:
    - {{- pick .spec "apiGroups" "apiVersions" "operations" "resources" "scope" | toYaml | nindent 6 }}
{{- end -}}

{{- /*
common.kinds.webhook.authority: annotations from which cert-manager's cainjector sets the CA bundle; a program that sets it itself
needs none.
Input: root, spec. Output: YAML map, may be empty.
*/ -}}
{{- define "common.kinds.webhook.authority" -}}
{{- $namespace := include "common.names.namespace" .root -}}
{{- with dig "caFrom" "secret" "" .spec }}
cert-manager.io/inject-ca-from-secret: {{ $namespace }}/{{ . }}
{{- end }}
{{- with dig "caFrom" "certificate" "" .spec }}
cert-manager.io/inject-ca-from: {{ $namespace }}/{{ . }}
{{- end }}
{{- end -}}
