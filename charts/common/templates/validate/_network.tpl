{{- /*
common.validate.network: an edge opens ports that the pods have.
Input: root. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.network" -}}
{{- range $name, $edge := dig "network" "ingress" dict $.Values -}}
{{- if and $edge (eq (include "common.render.enabled" $edge) "true") -}}
{{- $where := printf "%s: network.ingress.%s" $.Chart.Name $name -}}
{{- include "common.validate.network.ports" (dict "root" $ "edge" $edge "where" $where) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.network.ports: a port that is named is a port of the pods, or the edge would let nothing in.
Input: root, edge, where. Output: nothing, or an error.
*/ -}}
{{- define "common.validate.network.ports" -}}
{{- $names := list -}}
{{- range $id, $spec := .root.Values.controllers -}}
{{- if and $spec (eq ($.edge.controller | default $id) $id) -}}
{{- $names = concat $names (include "common.validate.portNames" (dict "root" $.root "id" $id "spec" $spec) | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- range $port := .edge.ports -}}
{{- $name := kindIs "map" $port | ternary $port (dict "port" $port) | dig "port" "" -}}
{{- if and (kindIs "string" $name) (not (has $name $names)) -}}
{{- fail (printf "%s opens the port %q, which no pod has; set it to a number or to one of: %s" $.where $name ($names | uniq | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
common.validate.portNames: names of the ports of a controller's pods, or of one of its containers.
Input: root, id, spec (the controller), container (empty: every one). Output: a YAML list.
*/ -}}
{{- define "common.validate.portNames" -}}
{{- range $role := list "containers" "sidecars" -}}
{{- range $name, $container := index ($.spec | default dict) $role -}}
{{- if and $container (eq ($.container | default $name) $name) -}}
{{- range include "common.pod.ports" (dict "root" $.root "controller" $.id "id" $name "role" $role "spec" $container "owner" $.spec) | fromYamlArray }}
- {{ .name }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.owners: an entry that belongs to a controller names one; else it would be for none. Input: root. */ -}}
{{- define "common.validate.owners" -}}
{{- $network := .Values.network | default dict -}}
{{- $entries := dict "service" .Values.service "network.ingress" $network.ingress "network.egress" $network.egress -}}
{{- $controllers := .Values.controllers | default dict -}}
{{- $known := merge (dict) $controllers (.Values.databases | default dict) -}}
{{- range $kind, $map := $entries -}}
{{- range $id, $entry := $map -}}
{{- $owner := dig "controller" "" ($entry | default dict) -}}
{{- $owners := eq $kind "service" | ternary $controllers $known -}}
{{- if and $owner (not (hasKey $owners $owner)) -}}
{{- fail (printf "%s: %s.%s is for the controller %q, which does not exist; known are %s" $.Chart.Name $kind $id $owner (keys $owners | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
