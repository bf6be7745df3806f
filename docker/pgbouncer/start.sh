#!/bin/sh
# Starts PgBouncer with a configuration in /tmp that is made of DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_SSLMODE and the secret
# with the password. The image's own entrypoint lacks some of the settings below and writes to /etc/pgbouncer, which a
# read-only root file system forbids (a tmpfs there would belong to root).
set -eu
umask 077
# Commands on the host read the same POSTGRES_HOST, so its names for "this machine" mean the host and not this container.
case "$DB_HOST" in
  localhost | 127.* | ::1) DB_HOST=host.docker.internal ;;
esac
# The cluster's own database listens on 5432; POSTGRES_PORT may be set for the embedded stack on the host.
if [ "$DB_HOST" = timescaledb ]; then DB_PORT=5432; fi
# Where no authority is named, Compose mounts /dev/null, which is no regular file.
tls=
if [ -f /postgres-ca.pem ]; then tls='server_tls_ca_file = /postgres-ca.pem'; fi
# Prints $1 with its double quotes doubled, as PgBouncer's user list needs.
double() { printf '%s' "$1" | sed 's/"/""/g'; }
password=$(cat /secrets/database/POSTGRES_PASSWORD)
printf '"%s" "%s"\n' "$(double "$DB_USER")" "$(double "$password")" > /tmp/userlist.txt
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
$tls
ignore_startup_parameters = extra_float_digits
; Seconds after which a transaction is ended in which its client asks nothing, because it keeps one of the 25 connections
; from all others, and its locks.
idle_transaction_timeout = 60
; Seconds, each 15 by default: the wait before a database that was away is tried again, the wait for a silent one, and the
; ages after which a missing and a known host name are looked up again.
server_login_retry = 1
server_connect_timeout = 3
dns_nxdomain_ttl = 1
dns_max_ttl = 2
log_connections = 0
log_disconnections = 0
INI
exec pgbouncer /tmp/pgbouncer.ini
