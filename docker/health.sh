#!/usr/bin/env bash
# Exits 0 when GET /health on port $1 of this container answers 200. In bash, since the image has no curl and starting
# Node for each check is dear.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
