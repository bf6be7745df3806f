#!/bin/sh
# Starts a Restate node. The node signs its calls where a private key is mounted. Where the key cannot be read, the node does
# not start, because every replica would refuse its unsigned calls.
set -eu
if [ -e /identity/node.pem ]; then
  export RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE=/identity/node.pem
fi
exec restate-server "$@"
