{{/* What all pods share: no token of the API, no root, the profile of the runtime for system calls. Call with
     (dict "root" $ "component" NAME "user" UID "account" NAME); without "account" it is the account of the namespace. */}}
{{- define "classify.podCommon" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .account }}
serviceAccountName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.scheduling.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.scheduling.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.scheduling.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Pods of a component stand on different nodes and in different zones as far as there are some. */}}
{{- define "classify.spread" -}}
topologySpreadConstraints:
  {{- range list (list "kubernetes.io/hostname" 1) (list .root.Values.scheduling.zoneLabel 1) }}
  - topologyKey: {{ first . }}
    maxSkew: {{ last . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "classify.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{/* What all containers share. */}}
{{- define "classify.containerCommon" -}}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* The image's own check of a port by bash, because it has no curl: it sends Host: localhost, which every part allows. */}}
{{- define "classify.healthCommand" -}}
exec: { command: [bash, docker/health.sh, {{ .port | quote }}, {{ .path }}] }
timeoutSeconds: 5
{{- end }}

{{/* Labels and annotations of a component's pods. Call with (dict "root" $ "component" NAME "files" DATA), where DATA is all that the
     ConfigMap of the pods holds: a file that changes changes the pods, so that they are started anew. */}}
{{- define "classify.podMetadata" -}}
labels:
  {{- include "classify.podLabels" . | nindent 2 }}
{{- $annotations := deepCopy .root.Values.pods.annotations }}
{{- with .files }}{{ $_ := set $annotations "checksum/files" (toJson . | sha256sum | trunc 32) }}{{ end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Annotations by which Reloader (github.com/stakater/Reloader) starts the pods anew when one of these Secrets changes. Call with
     (dict "root" $ "secrets" (list NAME ...)), by the names in the values. */}}
{{- define "classify.reload" -}}
{{- if eq .root.Values.secrets.reload "reloader" -}}
{{- $names := list -}}
{{- range .secrets }}{{ $names = append $names (get $.root.Values.secrets .) }}{{ end -}}
{{- with .authority }}{{ $names = append $names . }}{{ end -}}
annotations:
  secret.reloader.stakater.com/reload: {{ join "," $names | quote }}
{{- end -}}
{{- end }}

{{/* The disruption budget of a component: one pod at a time may be taken away. */}}
{{- define "classify.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "classify.part" . }}
  labels:
    {{- include "classify.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  # A pod that is not ready does no work, and must not keep a machine from being emptied.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "classify.selector" . | nindent 6 }}
{{- end }}
