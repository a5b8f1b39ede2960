{{- /*
common.kinds.rbac: a role and its binding to a service account, in the namespace or for the cluster. Cluster-scoped objects
have the release in their name, since they are not separated by a namespace.
Input: root, id, spec (scope, serviceAccount, rules). Output: two documents.
*/ -}}
{{- define "common.kinds.rbac" -}}
{{- $cluster := eq (.spec.scope | default "namespace") "cluster" -}}
{{- $own := include "common.names.object" . -}}
{{- $name := $cluster | ternary (printf "%s-%s" .root.Release.Name $own) $own -}}
{{- $account := include "common.names.object" (dict "root" .root "id" (.spec.serviceAccount | default .id)) -}}
{{- $metadata := include "common.names.metadata" (dict "root" .root "name" $name "component" "" "wave" .root.Values.common.waves.base "spec" .spec "clusterScoped" $cluster) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $cluster | ternary "ClusterRole" "Role" }}
metadata:
  {{- $metadata | nindent 2 }}
rules:
  {{- toYaml .spec.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $cluster | ternary "ClusterRoleBinding" "RoleBinding" }}
metadata:
  {{- $metadata | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $cluster | ternary "ClusterRole" "Role" }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ include "common.names.namespace" .root }}
{{- end -}}
