{{- /*
common.kinds.claim: the claim of a persistence entry that has a size; nothing for other types. Neither Argo CD nor Helm
removes it: only a person deletes data.
Input: root, id, spec. Output: one document or nothing.
*/ -}}
{{- define "common.kinds.claim" -}}
{{- if eq (include "common.pod.volumes.type" .spec) "claim" -}}
{{- $keep := dict -}}
{{- if dig "retain" true .spec -}}
{{- $keep = dict "argocd.argoproj.io/sync-options" "Prune=false,Delete=false" "helm.sh/resource-policy" "keep" -}}
{{- end -}}
{{- $wave := dig "wave" .root.Values.common.waves.workload .spec -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" "" "wave" $wave "spec" .spec "annotations" $keep) | nindent 2 }}
spec:
  {{- include "common.kinds.claim.spec" . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.claim.spec: spec of a claim.
Input: root, spec (size, storageClass, accessMode). Output: YAML.
*/ -}}
{{- define "common.kinds.claim.spec" -}}
accessModes:
  - {{ .spec.accessMode | default "ReadWriteOnce" }}
resources:
  requests:
    storage: {{ .spec.size }}
{{- with include "common.render.text" (dict "root" .root "text" (.spec.storageClass | default .root.Values.global.storage.class)) }}
storageClassName: {{ . }}
{{- end }}
{{- end -}}
