{{- /*
common.kinds.database: a PostgreSQL cluster of the CloudNativePG operator, with its extensions, backups and metrics. The operator
creates the Services `<name>-rw`, `-ro` and `-r`, and the Secret `<name>-app` with the owner's account.
Input: root, id, spec. Output: one or more documents.
*/ -}}
{{- define "common.kinds.database" -}}
{{- $waves := .root.Values.common.waves -}}
{{- $name := include "common.names.object" . -}}
{{- $args := dict "root" .root "id" .id "spec" .spec "name" $name -}}
{{- $bare := dict "root" .root "component" .id "name" $name "spec" dict -}}
{{- $keep := dict "argocd.argoproj.io/sync-options" "Prune=false,Delete=false" "helm.sh/resource-policy" "keep" -}}
{{- $spec := include "common.kinds.database.spec" $args | fromYaml -}}
{{- with .spec.spec -}}{{- $spec = mustMergeOverwrite $spec (include "common.render.map" (dict "root" $.root "map" .) | fromYaml) -}}{{- end -}}
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  {{- include "common.names.metadata" (dict "root" .root "component" .id "name" $name "spec" .spec "wave" $waves.data "annotations" $keep) | nindent 2 }}
spec:
  {{- toYaml $spec | nindent 2 }}
{{- with .spec.extensions }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  {{- include "common.names.metadata" (set $bare "wave" $waves.data) | nindent 2 }}
spec:
  cluster:
    name: {{ $name }}
  {{- $names := include "common.kinds.database.names" $args | fromYaml }}
  name: {{ $names.database }}
  owner: {{ $names.owner }}
  databaseReclaimPolicy: retain
  extensions:
    {{- range . }}
    - name: {{ .name | quote }}
      ensure: present
      {{- with .version }}
      version: {{ . | quote }}
      {{- end }}
    {{- end }}
{{- end }}
{{- with .spec.objectStore }}
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  {{- include "common.names.metadata" (set $bare "wave" $waves.workload) | nindent 2 }}
spec:
  schedule: {{ .schedule | default "0 0 3 * * 0" | quote }}
  immediate: true
  backupOwnerReference: self
  cluster:
    name: {{ $name }}
  method: plugin
  pluginConfiguration:
    name: barman-cloud.cloudnative-pg.io
{{- end }}
{{- if ne (toString (dig "metrics" true .spec)) "false" }}
---
{{ include "common.kinds.databasePods.metrics" $args }}
{{- end }}
{{- end -}}

{{- /*
common.kinds.database.names: the database and the role that owns it.
Input: spec. Output: YAML.
*/ -}}
{{- define "common.kinds.database.names" -}}
{{- $database := .spec.database | default (.spec.application | default "app" | replace "-" "_") -}}
database: {{ $database }}
owner: {{ .spec.owner | default $database }}
{{- end -}}

{{- /*
common.kinds.database.spec: the fields of the Cluster that have values of their own. One instance has no PodDisruptionBudget, which
would block the drain of its node.
Input: root, name, spec. Output: YAML.
*/ -}}
{{- define "common.kinds.database.spec" -}}
{{- $spec := .spec -}}
instances: {{ $spec.instances | default 1 | int }}
imageName: {{ include "common.names.image" $spec.image }}
enableSuperuserAccess: false
enablePDB: {{ gt (int ($spec.instances | default 1)) 1 }}
storage:
  size: {{ $spec.size }}
  {{- with include "common.render.text" (dict "root" .root "text" ($spec.storageClass | default .root.Values.global.storage.class)) }}
  storageClass: {{ . }}
  {{- end }}
{{- with $spec.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
bootstrap:
  {{- include "common.kinds.database.bootstrap" . | trim | nindent 2 }}
{{- if or $spec.parameters $spec.preload }}
postgresql:
  {{- with $spec.parameters }}
  parameters:
    {{- range $key := keys . | sortAlpha }}
    {{- if not (kindIs "invalid" (index $spec.parameters $key)) }}
    {{ $key }}: {{ include "common.pod.env.text" (dict "root" $.root "value" (index $spec.parameters $key)) }}
    {{- end }}
    {{- end }}
  {{- end }}
  {{- with $spec.preload }}
  shared_preload_libraries:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $spec.objectStore }}
plugins:
  - {{ include "common.kinds.database.plugin" (dict "store" .name "server" (.server | default $.name) "archive" true) | nindent 4 | trim }}
{{- end }}
{{- if dig "recovery" "objectStore" "" $spec }}
externalClusters:
  - name: origin
    plugin:
      {{- include "common.kinds.database.plugin" (dict "store" $spec.recovery.objectStore "server" ($spec.recovery.server | default .name) "archive" false) | nindent 6 }}
{{- end }}
{{- end -}}

{{- /*
common.kinds.database.bootstrap: bootstrap of a new cluster.
Input: spec. Output: YAML.
*/ -}}
{{- define "common.kinds.database.bootstrap" -}}
{{- $names := include "common.kinds.database.names" . -}}
{{- with .spec.recovery -}}
recovery:
  {{- $names | nindent 2 }}
  {{- if .backup }}
  backup:
    name: {{ .backup }}
  {{- else }}
  source: origin
  {{- end }}
  {{- with .targetTime }}
  recoveryTarget:
    targetTime: {{ . | quote }}
  {{- end }}
{{- else -}}
initdb:
  {{- $names | nindent 2 }}
  encoding: UTF8
  dataChecksums: true
  {{- with include "common.kinds.database.sql" . | trim }}
  postInitApplicationSQL:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.database.sql: SQL that the superuser runs in a new database, before the cluster is ready and so before the
application starts.
Input: spec. Output: a YAML list.
*/ -}}
{{- define "common.kinds.database.sql" -}}
{{- range .spec.extensions }}
- {{ printf "CREATE EXTENSION IF NOT EXISTS \"%s\" CASCADE" .name | toJson }}
{{- end }}
{{- range .spec.sql }}
- {{ toJson . }}
{{- end }}
{{- end -}}

{{- /*
common.kinds.database.plugin: an object store, to write to or to read from.
Input: store, server, archive. Output: YAML.
*/ -}}
{{- define "common.kinds.database.plugin" -}}
name: barman-cloud.cloudnative-pg.io
enabled: true
isWALArchiver: {{ .archive }}
parameters:
  barmanObjectName: {{ .store }}
  serverName: {{ .server }}
{{- end -}}
