{{/* The pod of a replica, for the Deployment and for the RestateDeployment. */}}
{{- define "classify.replicaPod" -}}
{{- $part := dict "root" . "component" "replica" -}}
metadata:
  {{- $own := dict }}
  {{- /* The operator's NetworkPolicies let Restate call pods with this label. */}}
  {{- if eq .Values.restate.mode "operator" }}{{ $_ := set $own (printf "allow.restate.dev/%s" .Values.restate.operator.clusterName) "true" }}{{ end }}
  {{- include "classify.podMetadata" (dict "root" . "component" "replica" "own" $own) | nindent 2 }}
spec:
  {{- include "classify.podCommon" (dict "root" . "user" 1000) | nindent 2 }}
  {{- include "classify.spread" $part | nindent 2 }}
  # The time in which calls still come, the time for running work, and a margin.
  terminationGracePeriodSeconds: {{ add .Values.replicas.preStopSeconds (div (add .Values.replicas.drainTimeoutMs 999) 1000) 10 }}
  containers:
    - name: replica
      image: {{ include "classify.image" (dict "root" . "image" "classify") }}
      {{- include "classify.containerCommon" $part | nindent 6 }}
      command: [node, src/server.ts]
      ports:
        - { name: restate, containerPort: 9080 }
      env:
        - name: SERVICE_NAME
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
        - { name: HOST, value: "0.0.0.0" }
        - { name: PORT, value: "9080" }
        {{- include "classify.databaseEnv" . | nindent 8 }}
        - { name: SECRETS_DIR, value: /secrets/model }
        - { name: RESTATE_IDENTITY_KEYS_DIR, value: /identity }
        - { name: DRAIN_TIMEOUT_MS, value: {{ .Values.replicas.drainTimeoutMs | quote }} }
        {{- if .Values.model.offline }}
        - { name: OFFLINE_MODEL_URL, value: "http://{{ include "classify.host" (dict "root" . "component" "offline-model") }}:9085/v1" }
        {{- else }}
        # The model is reached through HTTPS_PROXY where its Secret holds one. Nothing else that a replica calls speaks HTTP.
        - { name: USE_ENV_PROXY, value: "1" }
        {{- end }}
        {{- range $name, $value := .Values.config }}
        - { name: {{ $name }}, value: {{ include "classify.text" $value | quote }} }
        {{- end }}
      # It listens once it has reached its database, for which it waits two minutes.
      startupProbe:
        {{- include "classify.healthCommand" (dict "port" 9080 "path" "/live") | nindent 8 }}
        periodSeconds: 5
        failureThreshold: 30
      livenessProbe:
        {{- include "classify.healthCommand" (dict "port" 9080 "path" "/live") | nindent 8 }}
        periodSeconds: 15
        failureThreshold: 4
      readinessProbe:
        {{- include "classify.healthCommand" (dict "port" 9080 "path" "/health") | nindent 8 }}
        periodSeconds: 10
        failureThreshold: 2
      lifecycle:
        # A pod leaves DNS at once and is called on until everybody has noticed.
        preStop: { exec: { command: [sleep, {{ .Values.replicas.preStopSeconds | quote }}] } }
      resources:
        {{- toYaml .Values.replicas.resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        - { name: database, mountPath: /secrets/database, readOnly: true }
        {{- if not .Values.model.offline }}
        - { name: model, mountPath: /secrets/model, readOnly: true }
        {{- else }}
        - { name: no-model, mountPath: /secrets/model, readOnly: true }
        {{- end }}
        - { name: identity, mountPath: /identity, readOnly: true }
  volumes:
    - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
    - { name: database, secret: { secretName: {{ .Values.secrets.database }}, defaultMode: 0440, items: [{ key: POSTGRES_PASSWORD, path: POSTGRES_PASSWORD }] } }
    {{- if not .Values.model.offline }}
    - { name: model, secret: { secretName: {{ .Values.secrets.model }}, defaultMode: 0440 } }
    {{- else }}
    - { name: no-model, emptyDir: { sizeLimit: 1Mi } }
    {{- end }}
    # The public part alone: a replica checks signatures, and makes none.
    - { name: identity, secret: { secretName: {{ .Values.secrets.identity }}, defaultMode: 0440, items: [{ key: cluster.pub, path: cluster.pub }] } }
{{- end }}
