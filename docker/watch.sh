#!/bin/sh
# Runs a command as the main process of a container and ends the container where the command has fallen silent, so that Docker
# starts it again: Docker by itself restarts what ends, and never what is only unhealthy.
#
#   sh watch.sh SECONDS CHECK COMMAND...
#
# CHECK is a line of shell that asks the command something. Once it has succeeded for the first time, it runs again and again and
# may take 2 s. The container ends where SECONDS of such asks one after another brought nothing; an answer that says no is an answer. Asks
# are counted rather than the time, so that a container or a machine that was paused goes on as it was.
set -eu
patience=$1
check=$2
shift 2
"$@" &
child=$!
for signal in TERM INT QUIT HUP; do
  # shellcheck disable=SC2064 # The number of the child is known now.
  trap "kill -$signal $child 2>/dev/null || true" "$signal"
done

# Whether the command is silent: `timeout` then ends with 124.
is_silent() {
  answer=0
  timeout 2 sh -c "$check" > /dev/null 2>&1 || answer=$?
  [ "$answer" -eq 124 ] || [ "$answer" -eq 143 ]
}

watch() {
  trap - TERM INT QUIT HUP
  until timeout 2 sh -c "$check" > /dev/null 2>&1; do sleep 2; done
  silent=0
  while [ "$silent" -lt "$patience" ]; do
    if is_silent; then silent=$((silent + 2)); else silent=0; sleep 2; fi
  done
  echo "There was no sign of life for $silent s: the container ends, and Docker starts it again" >&2
  kill -KILL "$child"
}
watch &

# A signal that is passed on ends the wait, and not the child.
while :; do
  code=0
  wait "$child" || code=$?
  kill -0 "$child" 2>/dev/null || exit "$code"
done
