#!/bin/sh
# Starts the guard. Where API_TOKENS_FILE was given to Compose, callers need a token, and the guard does not start without the
# copy of that file: an open guard must not come of a lost file.
set -eu
if [ -n "${TOKENS_GIVEN:-}" ]; then
  export API_TOKENS_FILE=/secrets/guard/API_TOKENS
fi
exec node src/guard/main.ts
