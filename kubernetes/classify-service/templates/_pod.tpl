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

{{/* A file that a pod mounts changes the pod, so that it is started anew. */}}
{{- define "classify.checksum" -}}
checksum/files: {{ .text | sha256sum | trunc 32 }}
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
