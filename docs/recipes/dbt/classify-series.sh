#!/usr/bin/env bash
# Classifies the rows of the dbt model `series` that are new or have changed: what is unchanged is neither asked nor paid again.
#   dbt run --select series && bash classify-series.sh && dbt run --select labelled_series
# DATABASE_URL names the warehouse; RESTATE_INGRESS_URL and API_TOKEN name the service. A dbt hook runs SQL alone, so that this
# stands between the two runs, as a step of the job or in its scheduler.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
psql "$DATABASE_URL" --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
  --command "copy (select indicator_id, name, description from ${SERIES:-series} order by indicator_id) to stdout with (format csv, header)" |
  python3 "$here/../classifyclient.py" - --catalogue warehouse --codebook release-topics > "${RESULTS:-/dev/null}"
