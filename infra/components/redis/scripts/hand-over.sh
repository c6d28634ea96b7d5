#!/bin/sh
# Before a pod stops: a primary lets another take over that has every acknowledged move. From the pause on nothing
# is acknowledged here, and the pause is not lifted: who waits is cut off and asks the next primary.
. "$SCRIPTS/common.sh"

self=$(self)
redis() {
  ask keeper localhost "$REDIS_PORT" "$@"
}

left() { [ "$(date +%s)" -lt "$deadline" ]; }
within() { deadline=$(($(date +%s) + $1)); }
role() { redis ROLE | head -n 1; }

# When three Redis become one, all pods stop at once and the volume of the first pod stays. The first pod stops last, so
# that it gets all the writes that the others acknowledged.
within "${STAY_SECONDS:-10}"
while left && [ "$self" = "$(member 0)" ] && [ "$(role)" = slave ]; do sleep 0.5; done
[ "$(role)" = master ] || exit 0

redis CLIENT PAUSE 600000 WRITE >/dev/null
within "${HAND_OVER_SECONDS:-20}"

# True when every replica that is there has said that it holds everything; "$1" with one of them is enough.
followed() {
  redis INFO replication | tr -d '\r' | awk -F: -v enough="${1:-all}" '
    /^master_repl_offset:/ { mine = $2 }
    /^slave[0-9]+:/ && /state=online/ { match($2, /offset=[0-9]+/); seen[substr($2, RSTART + 7, RLENGTH - 7)] }
    END { for (offset in seen) behind += offset != mine; exit !(mine in seen && (enough == "one" || !behind)) }'
}
# None is there: nobody could take over.
alone() { [ "$(redis INFO replication | tr -d '\r' | sed -n 's/^connected_slaves://p')" = 0 ]; }

give_up=$(($(date +%s) + 5))
waits() { [ "$(date +%s)" -lt "$give_up" ]; }
while left && ! followed; do
  if ! waits && followed one; then break; fi
  if ! waits && alone; then
    say "no replica is there to take over"
    exit 0
  fi
  sleep 0.2
done

# True when a sentinel was told, or is at it already.
announce() {
  for member in $MEMBERS; do
    answer=$(ask keeper "$(host_of "$member")" "$(sentinel_port_of "$member")" SENTINEL FAILOVER "$PRIMARY" 2>&1) && return 0
    case $answer in *INPROG*) return 0 ;; esac
  done
  say "no sentinel takes the hand-over on: $answer"
  return 1
}
while left && ! announce; do sleep 1; done

# Another one is named by any sentinel.
replaced() {
  for member in $MEMBERS; do
    named=$(ask keeper "$(host_of "$member")" "$(sentinel_port_of "$member")" \
      SENTINEL GET-MASTER-ADDR-BY-NAME "$PRIMARY" 2>/dev/null | tr '\n' ' ') || continue
    [ -z "$named" ] || [ "$named" = "$(host_of "$self") $(port_of "$self") " ] || return 0
  done
  return 1
}
while left && ! replaced; do sleep 0.3; done
replaced || say "nobody took over in time: the sentinels will notice that this pod is gone"
