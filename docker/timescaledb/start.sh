#!/bin/sh
# Starts TimescaleDB. A new database gets the password of the secret by the image's own entrypoint; one that is there already
# gets it here, where it is another than at the last start. So a volume of an earlier release, whose password was the same
# everywhere, and one whose secret was changed or lost, open again by themselves.
set -eu
umask 077
# A client that was cut off from the network in the middle of a transaction is given up within 13 s, with its locks; by default
# after two hours. Seconds, but milliseconds for the timeout.
serve() {
  exec docker-entrypoint.sh postgres -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=4 \
    -c tcp_user_timeout=13000
}
# After a crash the lock file names the process that was the server then. In this container, whose numbers begin anew, the number
# may be that of another process, for which PostgreSQL refuses to start: again and again, because the numbers of a start hardly
# vary. The number that is named so is no reason for it; that nobody has the shared memory of the old server is still asked.
if [ -s "$PGDATA/postmaster.pid" ]; then
  PG_GRANDPARENT_PID=$(head -n 1 "$PGDATA/postmaster.pid")
  export PG_GRANDPARENT_PID
fi
secret=/secrets/database/POSTGRES_PASSWORD
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  POSTGRES_PASSWORD=$(cat "$secret")
  export POSTGRES_PASSWORD
  serve
fi

# The hash of the user and password that the database has been given.
applied=$PGDATA/classify-password.sha256
wanted=$({ printf '%s\n' "$POSTGRES_USER"; cat "$secret"; } | sha256sum)
if [ "$(cat "$applied" 2>/dev/null || true)" != "$wanted" ]; then
  # Prints $1 with each character $2 doubled, as SQL quotes it.
  double() { printf '%s' "$1" | sed "s/$2/$2$2/g"; }
  statement=/tmp/password.sql
  printf 'ALTER ROLE "%s" PASSWORD '\''%s'\''\n' "$(double "$POSTGRES_USER" '"')" "$(double "$(cat "$secret")" "'")" > "$statement"
  # The server runs alone on the database and without a socket. The statement is not logged.
  if postgres --single -D "$PGDATA" -c shared_preload_libraries= -c log_min_error_statement=panic \
    -c standard_conforming_strings=on postgres < "$statement" > /tmp/password.out 2>&1 && ! grep -q ERROR /tmp/password.out; then
    printf '%s\n' "$wanted" > "$applied"
    echo "The user $POSTGRES_USER has got the password of the secret"
  else
    echo "The user $POSTGRES_USER has not got the password of the secret; the database says:" >&2
    grep -E 'ERROR|FATAL' /tmp/password.out >&2 || true
  fi
  rm -f "$statement" /tmp/password.out
fi
serve
