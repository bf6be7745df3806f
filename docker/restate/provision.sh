#!/bin/sh
# Makes one cluster of the nodes at their first start, and ends. A cluster is made only while none of the nodes knows one and
# all of them answer, because a node that lost its volume answers as a new one does, and would become a second cluster beside
# the nodes that it cannot reach. Run again, it finds that the cluster is there and changes nothing.
set -eu
: "${NODES:?}" "${WANTED:?}" "${TIMEOUT_S:?}"

say() { printf '%s\n' "$1"; }

total=0
for node in $NODES; do total=$((total + 1)); done
case $WANTED in
  '' | *[!0-9]* | 0) bad=yes ;;
  *) bad=no ;;
esac
if [ $bad = yes ] || [ "$WANTED" -gt "$total" ]; then
  say "CLUSTER_PROVISION_NODES is \"$WANTED\": it has to be a number of nodes from 1 to $total"
  exit 2
fi

# A node without a cluster waits for one. Any other state of its metadata shows that it belongs to a cluster, even to one that
# has too few nodes to work.
look() {
  waiting='' member='' silent=''
  for node in $NODES; do
    health=$(curl -s -m 2 --noproxy '*' "http://$node:5122/health" || true)
    case $health in
      *'"metadata_server_status":"AwaitingProvisioning"'*) waiting="$waiting $node" ;;
      *'"metadata_server_status":"Member"'* | *'"metadata_server_status":"Standby"'*) member="$member $node" ;;
      *) silent="$silent $node" ;;
    esac
  done
}

asked=''
spent=0
while :; do
  look
  if [ -n "$member" ]; then
    if [ -n "$asked" ]; then say "Made the cluster; its first node is $asked."; else say "The cluster exists:$member belong to it. Nothing is made."; fi
    exit 0
  fi
  count=0
  for node in $waiting; do count=$((count + 1)); done
  if [ "$count" -ge "$WANTED" ]; then
    # The same node is asked every time, also by two runs of this script at once, because each node that is asked could make a
    # cluster of its own. (With --single-address restatectl 1.7.12 would ask localhost.) restatectl ends with 0 where it could not connect, so that its success is read from the nodes.
    if [ -z "$asked" ]; then for asked in $waiting; do break; done; fi
    restatectl --yes --address "http://$asked:5122" provision || true
  fi
  if [ "$spent" -ge "$TIMEOUT_S" ]; then break; fi
  sleep 1
  spent=$((spent + 1))
done
if [ -n "$asked" ]; then
  say "No cluster was made: $asked did not become its first node in $TIMEOUT_S s. What restatectl said stands above."
else
  say "No cluster was made, because$silent gave no answer in $TIMEOUT_S s and may know one. Start all $total nodes; where the silent ones are gone for good and there never was a cluster, set CLUSTER_PROVISION_NODES=$count"
fi
exit 1
