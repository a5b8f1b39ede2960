{{- /*
common.validate.network: the edges of a NetworkPolicy belong to pods, have a known peer, and open ports that the pods have.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.network" -}}
{{- $owners := merge (dict) (.Values.controllers | default dict) (.Values.databases | default dict) -}}
{{- $peers := concat (keys .Values.global.peers) (list "self" "internet" "lan" "any" "kube-apiserver") | sortAlpha -}}
{{- range $direction, $end := dict "ingress" "from" "egress" "to" -}}
{{- range $name, $edge := dig "network" $direction dict $.Values -}}
{{- if and $edge (eq (include "common.render.enabled" $edge) "true") -}}
{{- $field := printf "network.%s.%s" $direction $name -}}
{{- include "common.validate.controller.known" (dict "root" $ "field" $field "owner" $edge.controller "known" $owners) -}}
{{- $peer := dig $end "peer" "" $edge -}}
{{- if and $peer (not (has $peer $peers)) -}}
{{- fail (printf "%s: %s has the unknown peer %q; set %s.%s.peer to one of: %s" $.Chart.Name $field $peer $field $end (join ", " $peers)) -}}
{{- end -}}
{{- if eq $direction "ingress" -}}
{{- include "common.validate.network.ports" (dict "root" $ "edge" $edge "field" $field) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.network.ports: a named port is a port of the pods; any other would admit nothing. Input: root, edge, field. */ -}}
{{- define "common.validate.network.ports" -}}
{{- $names := list -}}
{{- range $id, $spec := .root.Values.controllers -}}
{{- if and $spec (eq ($.edge.controller | default $id) $id) -}}
{{- $names = concat $names (include "common.pod.ports.names" (dict "root" $.root "id" $id "spec" $spec) | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- range $port := .edge.ports -}}
{{- $name := kindIs "map" $port | ternary $port (dict "port" $port) | dig "port" "" -}}
{{- if and (kindIs "string" $name) (not (has $name $names)) -}}
{{- fail (printf "%s: %s opens the port %q, which no pod has; set it to a number or to one of: %s" $.root.Chart.Name $.field $name ($names | uniq | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
