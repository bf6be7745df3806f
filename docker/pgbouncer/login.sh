#!/bin/sh
# Logs in anew with the password of the secret, to PgBouncer and past it to the database. Connections that are open already
# outlive a change of the password, at both of them, and so does what looks through such a connection.
set -eu
# Another image of PgBouncer may have no psql: the exit code says that nothing is known.
command -v psql > /dev/null || exit 127
PGPASSWORD=$(cat /secrets/database/POSTGRES_PASSWORD)
export PGPASSWORD PGUSER="$DB_USER" PGDATABASE="$DB_NAME" PGCONNECT_TIMEOUT=5
login() { psql -X -w -q -t -A -c 'select 1' -h "$1" -p "$2" > /dev/null; }
export PGSSLMODE=disable
if ! login 127.0.0.1 6432; then
  echo 'PgBouncer takes no new login with the password of the secret' >&2
  exit 1
fi
# The address that PgBouncer was started with.
server=$(sed -n 's/^.* = host=\([^ ]*\) port=\([0-9]*\)$/\1 \2/p' /tmp/pgbouncer.ini)
if [ -f /postgres-ca.pem ]; then export PGSSLROOTCERT=/postgres-ca.pem; fi
export PGSSLMODE="$DB_SSLMODE"
if ! said=$(login "${server% *}" "${server#* }" 2>&1); then
  case $said in
    # PgBouncer has connections of its own, and one more than those need not be free.
    *'too many'* | *'connection slots'*) exit 0 ;;
  esac
  printf '%s\nThe database takes no new login with the password of the secret\n' "$said" >&2
  exit 1
fi
