#!/bin/sh
# Copies the files that the parts read, then writes the secrets of the cluster into its volumes, before any other part starts:
# each from its variable NAME, else from the file that Compose mounted for NAME_FILE, else as it is there already, else at random.
# So no password has a default, and none stands in the environment of a container that runs.
#
# A secret lives in a volume of its part, and goes with the volumes of the data that it opens. The parts run as different
# users, so that every user of a container may read what is mounted there. On the host only Docker may.
set -eu
umask 022

fail() {
  echo "$1" >&2
  exit 1
}

# Prints the value that was given for $1, by its variable or by its file.
given() {
  eval "value=\${$1:-}"
  file=/given/$1
  # An unset NAME_FILE mounts /dev/null, which is no regular file.
  if [ -f "$file" ]; then
    [ -z "$value" ] || fail "$1 and $1_FILE are both set: remove one of them, because only one can count"
    # The substitution takes the newline at the end off.
    value=$(cat "$file") || fail "$1_FILE cannot be read"
    [ -n "$value" ] || fail "$1_FILE must not be an empty file"
  elif [ -d "$file" ]; then
    fail "$1_FILE must be a file: Docker makes a directory where nothing is at its path"
  fi
  printf '%s' "$value"
}

# Writes the text $2 into the file $1, whole or not at all. A file that holds it already keeps its time.
put() {
  if [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; then return; fi
  printf '%s' "$2" > "$1.new"
  mv "$1.new" "$1"
}

random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# A secret that the cluster needs: $1 is its volume, $2 its name.
need() {
  secret=$(given "$2")
  if [ -n "$secret" ]; then
    put "/secrets/$1/$2" "$secret"
  elif [ ! -s "/secrets/$1/$2" ]; then
    put "/secrets/$1/$2" "$(random)"
  fi
}

# A secret that only its file brings into a volume. Its variable reaches the replicas by itself.
pass() {
  secret=$(given "$2")
  if [ -f "/given/$2" ]; then put "/secrets/$1/$2" "$secret"; else rm -f "/secrets/$1/$2"; fi
}

# Copies the files of the folder $1 into the folder $2, where every user of a container may read them; the clone may be closed to
# others. What is no longer given goes last, so that a replica never finds its public keys missing.
publish() {
  [ -d "$1" ] || return 0
  mkdir -p "$2"
  for file in "$1"/*; do
    [ -f "$file" ] || continue
    copy=$2/${file##*/}
    if [ -f "$copy" ] && [ "$(cat "$copy")" = "$(cat "$file")" ]; then continue; fi
    cat "$file" > "$copy.new"
    mv "$copy.new" "$copy"
  done
  for copy in "$2"/*; do
    if [ -f "$copy" ] && [ ! -f "$1/${copy##*/}" ]; then rm -f "$copy"; fi
  done
}

publish /given/docker /readable/files
for part in restate guard console nginx pgbouncer timescaledb prometheus; do
  publish "/given/docker/$part" "/readable/files/$part"
done
publish /given/identity /readable/files/identity
publish /given/nginx /readable/nginx
publish /given/docker/grafana/datasources /readable/grafana/datasources
publish /given/docker/grafana/dashboards /readable/grafana/dashboards

need database POSTGRES_PASSWORD
need snapshots SNAPSHOT_ACCESS_KEY_ID
need snapshots SNAPSHOT_SECRET_ACCESS_KEY
need grafana GRAFANA_ADMIN_PASSWORD
need console CONSOLE_TOKEN
pass model OPENAI_API_KEY
pass model OPENAI_HEADERS
pass model HTTPS_PROXY

# The tokens of callers are a list, and an empty one lets nobody in: so an operator shuts everybody out at once. To a list that
# names somebody the console's own token is added, with which it calls the guard; what people may do there it decides by theirs.
tokens=/given/API_TOKENS
hash=$(sha256sum < /secrets/console/CONSOLE_TOKEN)
hash=${hash%% *}
if [ -f "$tokens" ] && [ -r "$tokens" ] && [ -z "$(cat "$tokens")" ]; then
  put /secrets/guard/API_TOKENS ""
elif grep -q '^[[:space:]]*[^#[:space:]]' "$tokens" 2>/dev/null && ! grep -qi "$hash" "$tokens"; then
  put /secrets/guard/API_TOKENS "$(given API_TOKENS)
console@cluster:$hash:submit+read+review+operate"
else
  pass guard API_TOKENS
fi

# When the secrets of each volume, and the copied files of each folder, last changed, in seconds since 1970, for the commands that
# start the cluster: they start anew what has run since before. A folder has the time at which a file in it was put or removed.
for path in /secrets/* /readable/files/* /readable/nginx /readable/grafana/*; do
  if [ -e "$path" ]; then stat -c 'changed %Y %n' "$path"; fi
done
