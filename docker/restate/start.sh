#!/bin/sh
# Starts a Restate node. It gets its keys for S3 from the secrets, so that they do not stand in the container's configuration.
# It signs its calls where a private key is mounted. Where that key cannot be read, the node does not start, because every
# replica would refuse its unsigned calls.
#
# A node whose volume was lost finds out at its start, marks itself in the cluster as `data-loss`, and ends with exit code 1.
# From its next start on this script keeps it down, because each further try would disturb the nodes that live. It goes on as
# soon as `npm run cluster:repair` has changed the mark.
set -eu
HELD=/restate-data/held
SELF=${RESTATE_NODE_NAME:?}

# The nodes other than this one, separated by commas.
others() {
  printf %s "$RESTATE_METADATA_CLIENT__ADDRESSES" | tr -d '[] "' | tr , '\n' | grep -v "//$SELF:" | paste -sd, -
}

# What the cluster says of this node's log: `data-loss` or another word. Nothing where no other node answers, as where all
# nodes start together.
storage_state() {
  timeout 15 restatectl --connect-timeout 1000 --request-timeout 5000 -s "$(others)" \
    sql --json "select storage_state from nodes where name = '$SELF'" 2>/dev/null |
    sed -n 's/.*"storage_state":"\([a-z-]*\)".*/\1/p'
}

hold() {
  line="$SELF has lost its data, and stays down so that it does not disturb the other nodes. Bring it back with: npm run cluster:repair -- $SELF"
  printf '%s\n' "$line" >"$HELD"
  said=0
  # Docker ends the script with SIGTERM, which sh as the first process of a container ignores without a trap.
  trap 'exit 0' TERM INT
  while [ "$(storage_state)" = data-loss ]; do
    if [ $((said % 12)) -eq 0 ]; then
      printf '{"timestamp":"%s","level":"ERROR","fields":{"message":"%s"},"target":"start.sh"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$line"
    fi
    said=$((said + 1))
    sleep 5 &
    wait $!
  done
  trap - TERM INT
}

if [ -e /identity/node.pem ]; then
  export RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE=/identity/node.pem
fi
RESTATE_WORKER__SNAPSHOTS__AWS_ACCESS_KEY_ID=$(cat /secrets/snapshots/SNAPSHOT_ACCESS_KEY_ID)
RESTATE_WORKER__SNAPSHOTS__AWS_SECRET_ACCESS_KEY=$(cat /secrets/snapshots/SNAPSHOT_SECRET_ACCESS_KEY)
export RESTATE_WORKER__SNAPSHOTS__AWS_ACCESS_KEY_ID RESTATE_WORKER__SNAPSHOTS__AWS_SECRET_ACCESS_KEY
# The guard calls the node through its sockets, which are made with the rights that this mask leaves, and runs as another user.
# Nobody else sees the volume of the node, and the guard sees it read-only.
umask 0
if [ "$(storage_state)" = data-loss ]; then hold; fi
rm -f "$HELD"
exec restate-server "$@"
