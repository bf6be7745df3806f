#!/bin/sh
# Starts a Restate node. It gets its keys for S3 from the secrets, so that they do not stand in the container's configuration.
# It signs its calls where a private key is mounted. Where that key cannot be read, the node does not start, because every
# replica would refuse its unsigned calls.
set -eu
if [ -e /identity/node.pem ]; then
  export RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE=/identity/node.pem
fi
RESTATE_WORKER__SNAPSHOTS__AWS_ACCESS_KEY_ID=$(cat /secrets/snapshots/SNAPSHOT_ACCESS_KEY_ID)
RESTATE_WORKER__SNAPSHOTS__AWS_SECRET_ACCESS_KEY=$(cat /secrets/snapshots/SNAPSHOT_SECRET_ACCESS_KEY)
export RESTATE_WORKER__SNAPSHOTS__AWS_ACCESS_KEY_ID RESTATE_WORKER__SNAPSHOTS__AWS_SECRET_ACCESS_KEY
# The guard calls the node through its sockets, which are made with the rights that this mask leaves, and runs as another user.
# Nobody else sees the volume of the node, and the guard sees it read-only.
umask 0
exec restate-server "$@"
