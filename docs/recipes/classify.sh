#!/usr/bin/env bash
# Classifies a catalogue of JSON lines with curl and jq, and writes the results as JSON lines:
#   bash classify.sh series.jsonl nightly-2026-11-29 world > results.jsonl
# RESTATE_INGRESS_URL names the ingress, API_TOKEN the token that the guard asks for. Begun again with the same run it fetches
# what is done and pays nothing twice, because each batch has a key of the run and of its own content.
set -euo pipefail
file=$1 run=$2 catalogue=${3:-default} codebook=${4:-economic-indicators}
url=${RESTATE_INGRESS_URL:-http://127.0.0.1:8080}
call=(curl --silent --show-error --fail-with-body --retry 10 --retry-connrefused)
if [ -n "${API_TOKEN:-}" ]; then call+=(--header "authorization: Bearer $API_TOKEN"); fi

sent=$(mktemp)
trap 'rm -f "$sent"' EXIT
# jq makes one body of a hundred records a line; /send hands it over, and names its invocation at once.
jq --null-input --compact-output --arg catalogue "$catalogue" --arg codebook "$codebook" \
  '[inputs] | range(0; length; 100) as $at | {indicators: .[$at:$at + 100], catalogue: $catalogue, codebook: $codebook}' "$file" |
  while IFS= read -r body; do
    key="$run-$(printf %s "$body" | sha256sum | cut -c 1-32)"
    printf %s "$body" | "${call[@]}" --header 'content-type: application/json' --header "x-run-id: $run" \
      --header "idempotency-key: $key" --data-binary @- "$url/classify-api/batch/send" | jq --raw-output .invocationId >> "$sent"
  done

while IFS= read -r invocation; do
  "${call[@]}" "$url/restate/invocation/$invocation/attach" | jq --compact-output '.results[]'
done < "$sent"
