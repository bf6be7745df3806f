#!/bin/sh
# Runs a command as the main process of a container and ends the container where the command has fallen silent, so that Docker
# starts it again: Docker by itself restarts what ends, and never what is only unhealthy.
#
#   sh watch.sh SECONDS CHECK COMMAND...
#
# CHECK is a line of shell that asks the command something. Once it has succeeded for the first time, it runs again and again and
# may take 2 s. The container ends where SECONDS of such asks one after another brought nothing; an answer that says no is an answer. Asks
# are counted rather than the time, so that a container or a machine that was paused goes on as it was. While the machine is so
# short of CPU that it does not start a program at once, only a command that was stopped counts as silent, or one that brought
# nothing for four times as long: with 34 processes waiting for 2 cores a sound database was given up, and its calls with it.
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

# Hundredths of a second, of which not every image has a program that tells them.
now() {
  read -r up _ < /proc/uptime
  echo "${up%.*}${up#*.}"
}

is_machine_quick() {
  began=$(now)
  timeout 2 sh -c : || true
  [ $(($(now) - began)) -lt 10 ]
}

is_stopped() {
  case $(cat "/proc/$child/stat" 2>/dev/null) in
    *") T "*) ;;
    *) return 1 ;;
  esac
}

watch() {
  trap - TERM INT QUIT HUP
  until timeout 2 sh -c "$check" > /dev/null 2>&1; do sleep 2; done
  silent=0
  missed=0
  while [ "$silent" -lt "$patience" ] && [ "$missed" -lt $((patience * 4)) ]; do
    if is_silent; then
      missed=$((missed + 2))
      if is_stopped || is_machine_quick; then silent=$((silent + 2)); fi
    else
      silent=0
      missed=0
      sleep 2
    fi
  done
  echo "There was no sign of life for $missed s: the container ends, and Docker starts it again" >&2
  kill -KILL "$child"
}
watch &

# A signal that is passed on ends the wait, and not the child.
while :; do
  code=0
  wait "$child" || code=$?
  kill -0 "$child" 2>/dev/null || exit "$code"
done
