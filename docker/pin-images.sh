#!/bin/sh
# Prints a line for .env for each image of the Compose file, with the digest beside the tag: NGINX_IMAGE=nginx:1.30@sha256:….
# The digest is that of the image that Docker pulled from its registry; an image that is not here is pulled. With these lines
# every machine runs the same bytes, whatever becomes of the tag. A variable that is set names the image to look at. With --values it
# prints the part `images` of the values of the Helm chart.
set -eu
form=${1:-}
case $form in '' | --values) ;; *) echo "Usage: sh docker/pin-images.sh [--values]" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."
if [ "$form" = --values ]; then echo images:; fi
{
  sed -n 's/.*\${\([A-Z]*_IMAGE\):-\([^}]*\)}.*/\1 \2/p' docker-compose.cluster.yml
} | sort -u | while read -r name standard; do
  # The service's own image is built here and comes from no registry.
  [ "$name" != CLASSIFY_IMAGE ] || continue
  key=
  if [ "$form" = --values ]; then
    case $name in RESTATE_IMAGE | NGINX_IMAGE | PGBOUNCER_IMAGE | TIMESCALEDB_IMAGE) ;; *) continue ;; esac
    key=$(printf '%s' "${name%_IMAGE}" | tr '[:upper:]' '[:lower:]')
  fi
  eval "image=\${$name:-$standard}"
  image=${image%@*}
  docker image inspect "$image" > /dev/null 2>&1 || docker pull --quiet "$image" >&2
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | sed -n 's/.*@//p' | head -n 1)
  if [ -n "$digest" ] && [ -n "$key" ]; then echo "  $key: $image@$digest"
  elif [ -n "$digest" ]; then echo "$name=$image@$digest"
  else echo "# $name=$image has no digest, because it was pulled from no registry"; fi
done
