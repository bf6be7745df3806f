#!/bin/sh
# Starts the console of the cluster. Where API_TOKENS_FILE was given to Compose, its tokens open the console, and the console shows
# the guard a token of its own; else that token opens it.
set -eu
secret=/secrets/console/CONSOLE_TOKEN
if [ -n "${TOKENS_GIVEN:-}" ]; then
  export API_TOKENS_FILE=/secrets/guard/API_TOKENS API_TOKEN_FILE=$secret
else
  export CONSOLE_TOKEN_FILE=$secret
  # A browser on this machine reaches Restate's own page through the guard. Where callers need tokens it cannot: it sends none.
  export RESTATE_UI_URL="${RESTATE_UI_URL:-http://127.0.0.1:$ADMIN_PUBLISHED/ui/}"
fi
# Cookies are named after the port, so that two consoles on one machine do not sign each other out.
export CONSOLE_URL="${CONSOLE_URL:-http://127.0.0.1:$PUBLISHED}"
# It serves few at once, so that memory counts more than speed: the options are those of src/lib/network/console-link.ts, and these
# settings take another third off (72 MiB of its own became 49, 2026-11-29).
export NODE_DISABLE_COMPILE_CACHE=1 MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
exec node --max-semi-space-size=1 --optimize-for-size --max-old-space-size=384 --disable-warning=ExperimentalWarning src/console/main.ts
