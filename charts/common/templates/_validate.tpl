{{- /*
common.validate: rules across fields, one define for each. `helm lint` swallows `fail`: only `helm template` proves them.
Input: root. Output: nothing, or an error that names the object, the rule, and what to set.
*/ -}}
{{- define "common.validate" -}}
{{- range $id, $spec := .Values.controllers -}}
{{- if and $spec (eq (include "common.render.enabled" $spec) "true") -}}
{{- $args := dict "root" $ "id" $id "spec" $spec -}}
{{- include "common.validate.sidecars" $args -}}
{{- include "common.validate.init" $args -}}
{{- include "common.validate.cron" $args -}}
{{- include "common.validate.claims" $args -}}
{{- include "common.validate.account" $args -}}
{{- include "common.validate.secrets" $args -}}
{{- include "common.validate.controller" $args -}}
{{- end -}}
{{- end -}}
{{- include "common.validate.service" . -}}
{{- include "common.validate.config" . -}}
{{- include "common.validate.secretVolumes" . -}}
{{- include "common.validate.mounts" . -}}
{{- include "common.validate.writers" . -}}
{{- include "common.validate.routes" . -}}
{{- include "common.validate.metrics" . -}}
{{- include "common.validate.peers" . -}}
{{- include "common.validate.owners" . -}}
{{- include "common.validate.route" . -}}
{{- include "common.validate.network" . -}}
{{- include "common.validate.webhook" . -}}
{{- include "common.validate.database" . -}}
{{- end -}}

{{- /* common.validate.sidecars: without a startup probe nothing waits for a sidecar. Input: root, id, spec. */ -}}
{{- define "common.validate.sidecars" -}}
{{- range $name, $sidecar := .spec.sidecars -}}
{{- $startup := dig "probes" "startup" dict ($sidecar | default dict) -}}
{{- $gated := and $startup (eq (include "common.render.enabled" $startup) "true") -}}
{{- if and $sidecar (eq (include "common.render.enabled" $sidecar) "true") (not $gated) -}}
{{- fail (printf "%s: controller %s: sidecar %s has no startup probe, so the application would start before it is ready; set controllers.%s.sidecars.%s.probes.startup" $.root.Chart.Name $.id $name $.id $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.init: the kubelet asks nothing of a container that ends. Input: root, id, spec. */ -}}
{{- define "common.validate.init" -}}
{{- range $name, $container := .spec.init -}}
{{- if dig "probes" dict ($container | default dict) -}}
{{- fail (printf "%s: controller %s: init container %s has probes, which are never asked; remove controllers.%s.init.%s.probes" $.root.Chart.Name $.id $name $.id $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.cron: a CronJob needs a schedule. Input: root, id, spec. */ -}}
{{- define "common.validate.cron" -}}
{{- if and (eq (.spec.type | default "") "CronJob") (not (dig "cron" "schedule" "" .spec)) -}}
{{- fail (printf "%s: controller %s is a CronJob without a schedule; set controllers.%s.cron.schedule" .root.Chart.Name .id .id) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.claims: only a StatefulSet makes claims for its pods. Input: root, id, spec. */ -}}
{{- define "common.validate.claims" -}}
{{- $type := .spec.type | default .root.Values.common.controller.type -}}
{{- if and .spec.volumeClaims (ne $type "StatefulSet") -}}
{{- fail (printf "%s: controller %s is a %s, which has no volumeClaims; use persistence or the type StatefulSet" .root.Chart.Name .id $type) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.account: a token is one of an account that the chart makes. Input: root, id, spec. */ -}}
{{- define "common.validate.account" -}}
{{- $account := dig "pod" "serviceAccount" "" .spec -}}
{{- if and (dig "pod" "token" false .spec) (not $account) -}}
{{- fail (printf "%s: controller %s mounts the token of the namespace's default account; set controllers.%s.pod.serviceAccount" .root.Chart.Name .id .id) -}}
{{- end -}}
{{- if and $account (not (hasKey (.root.Values.serviceAccount | default dict) $account)) -}}
{{- fail (printf "%s: controller %s runs as the service account %q, which is not declared; add serviceAccount.%s" .root.Chart.Name .id $account $account) -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.secrets: every secret that is read is declared. Input: root, id, spec. */ -}}
{{- define "common.validate.secrets" -}}
{{- $declared := .root.Values.secrets | default dict -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index $.spec $role -}}
{{- range $source := list "env" "envFrom" -}}
{{- range $key, $value := index ($container | default dict) $source -}}
{{- if and (kindIs "map" $value) (hasKey $value "secret") (not (hasKey $declared $value.secret)) -}}
{{- fail (printf "%s: controller %s: container %s reads the secret %q, which is not declared; add secrets.%s" $.root.Chart.Name $.id $name $value.secret $value.secret) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.secretVolumes: every secret that is mounted is declared. Input: root. */ -}}
{{- define "common.validate.secretVolumes" -}}
{{- range $id, $entry := .Values.persistence -}}
{{- if and $entry $entry.secret (not (hasKey ($.Values.secrets | default dict) $entry.secret)) -}}
{{- fail (printf "%s: persistence %s mounts the secret %q, which is not declared; add secrets.%s" $.Chart.Name $id $entry.secret $entry.secret) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.mounts: a mount names a container that exists. Input: root. */ -}}
{{- define "common.validate.mounts" -}}
{{- $known := dict -}}
{{- range $id, $spec := .Values.controllers -}}
{{- range $role := list "containers" "sidecars" "init" -}}
{{- range $name, $container := index ($spec | default dict) $role -}}
{{- $_ := set $known $name true -}}{{- $_ := set $known (printf "%s/%s" $id $name) true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $kind := list "persistence" "config" -}}
{{- range $id, $entry := index $.Values $kind -}}
{{- range $container, $mounts := dig "mounts" dict ($entry | default dict) -}}
{{- if not (hasKey $known $container) -}}
{{- fail (printf "%s: %s %s is mounted in %q, and there is no such container; known are %s" $.Chart.Name $kind $id $container (keys $known | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.writers: no two pods write to a volume that one node may mount. Input: root. */ -}}
{{- define "common.validate.writers" -}}
{{- range $id, $spec := .Values.controllers -}}
{{- $spec := mustMergeOverwrite (deepCopy $.Values.common.controller) ($spec | default dict) -}}
{{- if and (eq (include "common.render.enabled" $spec) "true") (eq $spec.type "Deployment") (ne ($spec.strategy | default "RollingUpdate") "Recreate") -}}
{{- range $claim, $entry := $.Values.persistence -}}
{{- if and $entry (eq (include "common.pod.volume.type" $entry) "claim") (eq (include "common.render.enabled" $entry) "true") (eq (include "common.pod.mounted" (dict "entry" $entry "id" $id "spec" $spec)) "true") (ne ($entry.accessMode | default "ReadWriteOnce") "ReadWriteMany") -}}
{{- fail (printf "%s: controller %s replaces its pods one by one, but the claim %s admits one node; set controllers.%s.strategy to Recreate" $.Chart.Name $id $claim $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.routes: a route ends at a Service and a port that exist, and can do what it promises. Input: root. */ -}}
{{- define "common.validate.routes" -}}
{{- range $id, $route := .Values.route -}}
{{- if and $route (eq (include "common.render.enabled" $route) "true") -}}
{{- $service := include "common.names.serviceId" (dict "root" $ "id" $route.service "what" (printf "route %s" $id)) -}}
{{- $ports := dig $service "ports" dict $.Values.service -}}
{{- if or (not $ports) (and $route.port (not (hasKey $ports $route.port))) -}}
{{- fail (printf "%s: route %s ends at port %q of service %q, which does not exist; set route.%s.service and route.%s.port" $.Chart.Name $id ($route.port | default "") $service $id $id) -}}
{{- end -}}
{{- if and $route.blockPaths (eq ($route.kind | default $.Values.global.route.kind) "Ingress") -}}
{{- fail (printf "%s: route %s blocks paths, which an Ingress cannot; use the kind IngressRoute or remove route.%s.blockPaths" $.Chart.Name $id $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.metrics: what is scraped is a port of a Service. Input: root. */ -}}
{{- define "common.validate.metrics" -}}
{{- range $id, $metrics := .Values.metrics -}}
{{- if and $metrics (eq (include "common.render.enabled" $metrics) "true") -}}
{{- $service := include "common.names.serviceId" (dict "root" $ "id" $metrics.service "what" (printf "metrics %s" $id)) -}}
{{- if not (dig $service "ports" $metrics.port dict ($.Values.service | default dict)) -}}
{{- fail (printf "%s: metrics %s are at port %q of service %q, which does not exist; set metrics.%s.service and metrics.%s.port" $.Chart.Name $id $metrics.port $service $id $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* common.validate.peers: an edge's well-known peer is known. Input: root. */ -}}
{{- define "common.validate.peers" -}}
{{- $known := concat (keys .Values.global.peers) (list "self" "internet" "lan" "any" "kube-apiserver") | sortAlpha -}}
{{- range $direction := list "ingress" "egress" -}}
{{- range $name, $edge := dig "network" $direction dict $.Values -}}
{{- $peer := dig "peer" "" (dig (eq $direction "ingress" | ternary "from" "to") dict ($edge | default dict)) -}}
{{- if and $peer (not (has $peer $known)) -}}
{{- fail (printf "%s: network.%s.%s names the peer %q; known are %s" $.Chart.Name $direction $name $peer (join ", " $known)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
