#!/bin/sh
# Starts PgBouncer with a configuration written from DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD and DB_SSLMODE to /tmp.
# The image's own entrypoint writes to /etc/pgbouncer, which a read-only root file system does not allow (a tmpfs there keeps
# the directory's mode and belongs to root), and it does not know every setting below.
set -eu
umask 077
# POSTGRES_HOST is for the host's own commands as well, and means the same there and here: this machine, not this container.
case "$DB_HOST" in
  localhost | 127.* | ::1) DB_HOST=host.docker.internal ;;
esac
# The cluster's own database; POSTGRES_PORT is then that of the embedded stack.
if [ "$DB_HOST" = timescaledb ]; then DB_PORT=5432; fi
double() { printf '%s' "$1" | sed 's/"/""/g'; }
printf '"%s" "%s"\n' "$(double "$DB_USER")" "$(double "$DB_PASSWORD")" > /tmp/userlist.txt
cat > /tmp/pgbouncer.ini <<INI
[databases]
$DB_NAME = host=$DB_HOST port=$DB_PORT

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /tmp/userlist.txt
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 25
server_tls_sslmode = $DB_SSLMODE
ignore_startup_parameters = extra_float_digits
; A database that was away is tried again after 1 s (default 15), a silent one given up after 3 (15), and a name that was
; not there or has moved is looked up again after 1 and 2 s (15).
server_login_retry = 1
server_connect_timeout = 3
dns_nxdomain_ttl = 1
dns_max_ttl = 2
log_connections = 0
log_disconnections = 0
INI
exec pgbouncer /tmp/pgbouncer.ini
