#!/bin/sh
# Starts NGINX with the names by which its published port may be called, beside those of this machine that nginx.conf has.
# Published on this machine alone, the port takes no other name, so that no page can reach it by a name of its own (DNS
# rebinding). Published elsewhere it takes any name, because probes of load balancers call it by its address.
set -eu
names=
for name in $(printf '%s' "${ALLOWED_HOSTS:-}" | tr ',' ' '); do
  case "$name" in
    *[!A-Za-z0-9.:_\[\]-]*)
      echo "ALLOWED_HOSTS must be names of hosts or IP addresses without ports, separated by commas" >&2
      exit 1
      ;;
  esac
  names="$names $name"
done
case "${PUBLISHED_ON:-127.0.0.1}" in
  127.0.0.1 | localhost | ::1 | "[::1]") ;;
  127.*) names="$names $PUBLISHED_ON" ;;
  *) names=' ~^' ;;
esac
rm -f /tmp/names.conf
if [ -n "$names" ]; then echo "server_name$names;" > /tmp/names.conf; fi
exec nginx -g 'daemon off;'
