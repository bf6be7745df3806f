#!/bin/sh
# Starts a Restate node that signs its calls where a private key is mounted, and one that does not where none is. A key that
# is there and cannot be read stops the node: unsigned calls would be refused by every replica.
set -eu
if [ -e /identity/node.pem ]; then
  export RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE=/identity/node.pem
fi
exec restate-server "$@"
