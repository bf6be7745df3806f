{{/* The settings of a node, in both ways to run Restate. Those of memory are from the Compose file; restate.config changes them. */}}
{{- define "classify.restateSettings" -}}
RESTATE_LOG_FORMAT: json
# Restate's own filter, but for the lines of its ingress about failed calls, which quote what the failure says.
RESTATE_LOG_FILTER: warn,restate=info,restate_ingress_http=warn
RESTATE_DISABLE_TELEMETRY: "true"
RESTATE_DEFAULT_REPLICATION: {{ .Values.restate.replication | quote }}
RESTATE_DEFAULT_NUM_PARTITIONS: "24"
RESTATE_GOSSIP_FAILURE_THRESHOLD: "30"
RESTATE_METADATA_SERVER__RAFT_ELECTION_TICK: "20"
RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_INTERVAL: 5s
RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_TIMEOUT: 8s
RESTATE_WORKER__INVOKER__CONNECT_TIMEOUT: 3s
RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: 256MB
RESTATE_ADMIN__QUERY_ENGINE__MEMORY_SIZE: 128MB
RESTATE_WORKER__INVOKER__MEMORY_LIMIT: 256MB
RESTATE_BIFROST__RECORD_CACHE_MEMORY_SIZE: 64MB
{{- if .Values.snapshots.enabled }}
RESTATE_WORKER__SNAPSHOTS__DESTINATION: {{ .Values.snapshots.destination | quote }}
RESTATE_WORKER__SNAPSHOTS__SNAPSHOT_INTERVAL_NUM_RECORDS: "10000"
RESTATE_WORKER__SNAPSHOTS__AWS_REGION: {{ .Values.snapshots.region | quote }}
{{- with .Values.snapshots.endpoint }}
RESTATE_WORKER__SNAPSHOTS__AWS_ENDPOINT_URL: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The same as the list that a container takes, with what the values change. */}}
{{- define "classify.restateEnv" -}}
{{- $settings := mergeOverwrite (include "classify.restateSettings" . | fromYaml) (deepCopy .Values.restate.config) -}}
{{- range $name, $value := $settings }}
- { name: {{ $name }}, value: {{ include "classify.text" $value | quote }} }
{{- end }}
{{- end }}
