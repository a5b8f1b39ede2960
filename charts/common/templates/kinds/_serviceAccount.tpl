{{- /*
common.kinds.serviceAccount: a ServiceAccount.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" "" "wave" .root.Values.common.waves.base "spec" .spec) | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}
