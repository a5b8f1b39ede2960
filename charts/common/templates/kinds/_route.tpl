{{- /*
common.kinds.route: a route from outside the cluster to a Service: Traefik's IngressRoute or an Ingress. One of Traefik's own services
has an @ in its name. The sign-in comes after the shared middlewares, so that an address that may not come is not asked to sign in.
Input: root, id, spec. Output: one document.
*/ -}}
{{- define "common.kinds.route" -}}
{{- $global := .root.Values.global -}}
{{- $internal := eq (.spec.access | default "internal") "internal" -}}
{{- $shared := $internal | ternary $global.route.internalMiddlewares $global.route.externalMiddlewares -}}
{{- $signIn := and (eq (.spec.auth | default "none") "forward") $global.sso.enabled | ternary (list $global.sso.middleware) list -}}
{{- $host := include "common.render.text" (dict "root" .root "text" .spec.host) -}}
{{- $published := ternary dict (dict "external-dns.kubernetes.io/target" $global.route.externalTarget) (or $internal (empty $global.route.externalTarget)) -}}
{{- $name := .spec.service | default "" -}}
{{- $port := "" -}}
{{- $url := "" -}}
{{- if not (contains "@" $name) -}}
{{- $service := include "common.names.serviceId" (dict "root" .root "id" .spec.service "what" (printf "route %s" .id)) -}}
{{- $ports := (index .root.Values.service $service).ports -}}
{{- $name = include "common.names.service" (dict "root" .root "id" $service) -}}
{{- $port = .spec.port | default (keys $ports | sortAlpha | first) -}}
{{- $url = printf "http://%s.%s.svc:%d" $name (include "common.names.namespace" .root) (int (index $ports $port).port) -}}
{{- end -}}
{{- $args := dict "root" .root "id" .id "spec" .spec "host" $host "service" $name "port" $port
      "middlewares" (concat ($shared | default list) $signIn (.spec.middlewares | default list))
      "entryPoints" (concat (list $global.route.entryPoint) (ternary list (list $global.tunnel.entryPoint) (or $internal (not $global.tunnel.enabled))))
      "secret" (dig "tls" "secretName" $global.tls.secretName .spec)
      "annotations" (include "common.kinds.dashboard" (dict "root" .root "id" .id "host" $host "url" $url) | fromYaml | merge $published) -}}
{{- if eq (.spec.kind | default $global.route.kind) "Ingress" -}}
{{ include "common.kinds.route.ingress" $args }}
{{- else -}}
{{ include "common.kinds.route.ingressRoute" $args }}
{{- end -}}
{{- end -}}

{{- /*
common.kinds.route.ingressRoute: an IngressRoute of Traefik. Its rule excludes blocked paths, so they answer 404, in upper
and lower case, since many applications accept both.
Input: root, id, spec, host, service, port, middlewares, entryPoints, secret, annotations. Output: one document.
*/ -}}
{{- define "common.kinds.route.ingressRoute" -}}
{{- $rule := printf "Host(`%s`)" .host -}}
{{- with .spec.path -}}{{- if ne . "/" -}}{{- $rule = printf "%s && PathPrefix(`%s`)" $rule . -}}{{- end -}}{{- end -}}
{{- range .spec.blockPaths -}}{{- $rule = printf "%s && !PathRegexp(`(?i)^%s`)" $rule (regexQuoteMeta .) -}}{{- end -}}
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" "" "wave" .root.Values.common.waves.workload "spec" .spec "annotations" .annotations) | nindent 2 }}
spec:
  {{- /* Traefik watches only objects of its class. */}}
  ingressClassName: {{ .root.Values.global.route.ingressClass }}
  entryPoints:
    {{- toYaml .entryPoints | nindent 4 }}
  routes:
    - kind: Rule
      match: {{ $rule }}
      {{- with .middlewares }}
      middlewares:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      services:
        - kind: {{ empty .port | ternary "TraefikService" "Service" }}
          name: {{ .service }}
          {{- with .port }}
          port: {{ . }}
          {{- end }}
  {{- if .secret }}
  tls:
    secretName: {{ .secret }}
  {{- else }}
  tls: {}
  {{- end }}
{{- end -}}

{{- /*
common.kinds.route.ingress: an Ingress for the same route.
Input: as common.kinds.route.ingressRoute. Output: one document.
*/ -}}
{{- define "common.kinds.route.ingress" -}}
{{- $names := list -}}
{{- range .middlewares -}}{{- $names = append $names (printf "%s-%s@kubernetescrd" (.namespace | default (include "common.names.namespace" $.root)) .name) -}}{{- end -}}
{{- $extra := dict "traefik.ingress.kubernetes.io/router.entrypoints" (join "," .entryPoints) -}}
{{- with $names -}}{{- $_ := set $extra "traefik.ingress.kubernetes.io/router.middlewares" (join "," .) -}}{{- end -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "common.names.metadata" (dict "root" .root "name" (include "common.names.object" .) "component" "" "wave" .root.Values.common.waves.workload "spec" .spec "annotations" (merge $extra .annotations)) | nindent 2 }}
spec:
  ingressClassName: {{ .root.Values.global.route.ingressClass }}
  rules:
    - host: {{ .host }}
      http:
        paths:
          - path: {{ .spec.path | default "/" }}
            pathType: Prefix
            backend:
              service:
                name: {{ .service }}
                port:
                  name: {{ .port }}
  tls:
    - hosts: [{{ .host | quote }}]
      {{- with .secret }}
      secretName: {{ . }}
      {{- end }}
{{- end -}}
