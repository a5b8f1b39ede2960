{{- /*
common.kinds.peer: the peers of an edge.
Input: root, peer: one of {peer: NAME}, {app, namespace, component}, {database}, {cidr, except}, {namespaceLabels, podLabels}.
Output: a YAML list, empty for any peer.
*/ -}}
{{- define "common.kinds.peer" -}}
{{- $global := .root.Values.global -}}
{{- $peer := .peer -}}
{{- $home := include "common.names.namespace" .root -}}
{{- if $peer.app }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $peer.namespace | default $home }}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ $peer.app }}
      {{- with $peer.component }}
      app.kubernetes.io/component: {{ . }}
      {{- end }}
{{- else if $peer.database }}
- podSelector:
    matchLabels:
      cnpg.io/cluster: {{ $peer.database }}
{{- else if $peer.cidr }}
- ipBlock:
    cidr: {{ include "common.render.text" (dict "root" .root "text" $peer.cidr) }}
    {{- with $peer.except }}
    except:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- else if or (hasKey $peer "podLabels") (hasKey $peer "namespaceLabels") }}
{{- $spaces := hasKey $peer "namespaceLabels" | ternary $peer.namespaceLabels (dict "kubernetes.io/metadata.name" $home) }}
- namespaceSelector:{{ if $spaces }}
    matchLabels:
      {{- toYaml $spaces | nindent 6 }}{{ else }} {}{{ end }}
  {{- with $peer.podLabels }}
  podSelector:
    matchLabels:
      {{- toYaml . | nindent 6 }}
  {{- end }}
{{- else if eq $peer.peer "self" }}
- podSelector:
    matchLabels:
      {{- include "common.labels.selector" (dict "root" .root "component" "") | nindent 6 }}
{{- range $id := keys (.root.Values.databases | default dict) | sortAlpha }}
- podSelector:
    matchLabels:
      cnpg.io/cluster: {{ include "common.names.object" (dict "root" $.root "id" $id) }}
{{- end }}
{{- else if eq $peer.peer "internet" }}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16]
{{- else if eq $peer.peer "lan" }}
- ipBlock:
    cidr: {{ $global.lan.cidr }}
{{- else if eq $peer.peer "kube-apiserver" }}
- ipBlock:
    cidr: {{ $global.services.cidr }}
- ipBlock:
    cidr: {{ $global.lan.cidr }}
{{- else if ne $peer.peer "any" }}
{{- $known := index $global.peers $peer.peer }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $known.namespace }}
  podSelector:
    matchLabels:
      {{- toYaml $known.labels | nindent 6 }}
{{- end }}
{{- end -}}
