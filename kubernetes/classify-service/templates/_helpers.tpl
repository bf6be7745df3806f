{{/* Names and labels. The name of the release begins every name, so that two releases can share a namespace. */}}
{{- define "classify.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* The labels of an object. Call with (dict "root" $ "component" NAME). */}}
{{- define "classify.labels" -}}
{{ include "classify.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: classify-service
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The labels that select the pods of a component. */}}
{{- define "classify.selector" -}}
app.kubernetes.io/name: classify-service
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The labels of a component's pods. They hold no version: with a new one every pod of the release would be started anew, those of
     Restate and of the database too, although nothing in them changed. */}}
{{- define "classify.podLabels" -}}
{{ include "classify.selector" . }}
app.kubernetes.io/part-of: classify-service
{{- with merge (dict) (.own | default dict) .root.Values.pods.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The name of a component's objects, as RELEASE-COMPONENT. */}}
{{- define "classify.part" -}}
{{ include "classify.name" .root }}-{{ .component }}
{{- end }}

{{/* The full name of a Service of this release in DNS. */}}
{{- define "classify.host" -}}
{{ include "classify.part" . }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{/* An image, which has to have a digest where that is asked for. Call with (dict "root" $ "image" NAME). */}}
{{- define "classify.image" -}}
{{- $image := index .root.Values.images .image -}}
{{- if and .root.Values.images.requireDigest (not (regexMatch "@sha256:[0-9a-f]{64}$" $image)) -}}
{{- fail (printf "images.%s is \"%s\", without a digest: run `sh docker/pin-images.sh --values`, or set images.requireDigest to false" .image $image) -}}
{{- end -}}
{{ $image }}
{{- end }}

{{/* A value as the text of an environment variable. Helm reads numbers as floats, and would print 2000000 as 2e+06. */}}
{{- define "classify.text" -}}
{{ kindIs "string" . | ternary . (toJson .) }}
{{- end }}

{{/* Where the nodes of Restate answer: the host of ingress and admin. */}}
{{- define "classify.restateHost" -}}
{{- if eq .Values.restate.mode "operator" -}}
restate.{{ .Values.restate.operator.clusterName }}.svc.{{ .Values.clusterDomain }}
{{- else -}}
{{ include "classify.host" (dict "root" . "component" "restate") }}
{{- end -}}
{{- end }}

{{/* The metrics of the five nodes, each by the name of its own pod, separated by commas. */}}
{{- define "classify.restateMetrics" -}}
{{- $restate := include "classify.part" (dict "root" . "component" "restate") -}}
{{- $pod := $restate -}}
{{- $nodes := printf "%s-nodes.%s" $restate .Release.Namespace -}}
{{- if eq .Values.restate.mode "operator" -}}
{{- /* The operator names the StatefulSet and its headless Service so, in the namespace of the cluster. */ -}}
{{- $pod = "restate" -}}
{{- $nodes = printf "restate-cluster.%s" .Values.restate.operator.clusterName -}}
{{- end -}}
{{- range $i := until 5 }}{{ if $i }},{{ end }}http://{{ $pod }}-{{ $i }}.{{ $nodes }}.svc.{{ $.Values.clusterDomain }}:5122/metrics{{ end -}}
{{- end }}

{{/* The peers of NetworkPolicies that are the pods of Restate. */}}
{{- define "classify.restatePeer" -}}
{{- if eq .Values.restate.mode "operator" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ .Values.restate.operator.clusterName }}
podSelector:
  matchLabels:
    app.kubernetes.io/name: restate
    app.kubernetes.io/instance: {{ .Values.restate.operator.clusterName }}
{{- else -}}
podSelector:
  matchLabels:
    {{- include "classify.selector" (dict "root" . "component" "restate") | nindent 4 }}
{{- end -}}
{{- end }}

{{/* The settings with which replicas, guard and console reach the database: always through PgBouncer, in whose network nobody encrypts. */}}
{{- define "classify.databaseEnv" -}}
- { name: POSTGRES_HOST, value: {{ include "classify.host" (dict "root" . "component" "pgbouncer") }} }
- { name: POSTGRES_PORT, value: "6432" }
- { name: POSTGRES_USER, value: {{ .Values.database.user | quote }} }
- { name: POSTGRES_DB, value: {{ .Values.database.name | quote }} }
- { name: POSTGRES_PASSWORD_FILE, value: /secrets/database/POSTGRES_PASSWORD }
- { name: POSTGRES_SSLMODE, value: disable }
{{- end }}

{{/* Those of the settings in `config` that other parts than the replicas read too. Call with (dict "root" $ "names" (list NAME ...)). */}}
{{- define "classify.sharedEnv" -}}
{{- range .names }}
{{- if hasKey $.root.Values.config . }}
- { name: {{ . }}, value: {{ include "classify.text" (get $.root.Values.config .) | quote }} }
{{- end }}
{{- end }}
{{- end }}

{{/* Mistakes that span several values, which the schema cannot say. */}}
{{- define "classify.check" -}}
{{- $v := .Values -}}
{{- if and (eq $v.database.mode "external") (not $v.database.host) }}{{ fail "database.host is empty: name the host of your database, or set database.mode to own" }}{{ end -}}
{{- if and $v.snapshots.enabled (not (hasPrefix "s3://" $v.snapshots.destination)) }}{{ fail "snapshots.destination has to be s3://BUCKET/PREFIX where snapshots.enabled is true" }}{{ end -}}
{{- if and $v.snapshots.enabled (not $v.snapshots.region) }}{{ fail "snapshots.region is empty: name the region of the bucket" }}{{ end -}}
{{- if and $v.ingress.enabled (not (and $v.ingress.host $v.ingress.tlsSecret)) }}{{ fail "ingress.enabled needs ingress.host and ingress.tlsSecret, because callers send their tokens over it" }}{{ end -}}
{{- if and $v.ingress.enabled $v.networkPolicies.enabled (not $v.networkPolicies.callers) }}{{ fail "ingress.enabled needs networkPolicies.callers: name the namespace of your ingress controller there, or nobody reaches the guard" }}{{ end -}}
{{- if and (eq $v.autoscaling.kind "keda") (not $v.autoscaling.prometheusAddress) }}{{ fail "autoscaling.prometheusAddress is empty: KEDA asks Prometheus there" }}{{ end -}}
{{- if and (ne $v.autoscaling.kind "none") (not $v.monitoring.rules) }}{{ fail "autoscaling.kind needs monitoring.rules and monitoring.enabled, because the metric classify_replicas_wanted is a rule of Prometheus" }}{{ end -}}
{{- if and (ne $v.autoscaling.kind "none") (not $v.monitoring.enabled) }}{{ fail "autoscaling.kind needs monitoring.enabled, because Prometheus has to scrape the replicas" }}{{ end -}}
{{- if and $v.console.enabled $v.console.tlsSecret (not (hasPrefix "https://" $v.console.url)) }}{{ fail "console.url has to be the https address of the console where console.tlsSecret is set" }}{{ end -}}
{{- if and $v.console.enabled $v.console.tlsSecret $v.networkPolicies.enabled (not $v.networkPolicies.callers) }}{{ fail "console.tlsSecret needs networkPolicies.callers: name the namespace of your ingress controller there, or nobody reaches the console" }}{{ end -}}
{{- if gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas) }}{{ fail "autoscaling.minReplicas is above autoscaling.maxReplicas" }}{{ end -}}
{{- if and (eq $v.secrets.source "external") (not $v.secrets.external.store.name) }}{{ fail "secrets.external.store.name is empty: name the SecretStore or ClusterSecretStore" }}{{ end -}}
{{- end }}
