#!/usr/bin/env bash
# The health check of the containers of our image: exits 0 where GET /health, or the path $2, on port $1 of this container
# answers 200. It is written in bash because the image has no curl, and starting Node.js for each check would cost much CPU.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${2:-/health}" >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
