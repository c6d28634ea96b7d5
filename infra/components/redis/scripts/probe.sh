#!/bin/sh
# probe.sh alive|ready|sentinel|quorum: what the kubelet asks.
. "$SCRIPTS/common.sh"

case $1 in
  # A Redis that loads its data or lost its primary is alive: it answers, with an error.
  alive)
    answer=$(ask probe localhost "$REDIS_PORT" PING 2>&1) || case $answer in
      *LOADING* | *MASTERDOWN* | *BUSY* | *MISCONF*) ;;
      *) say "Redis does not answer: $answer" && exit 1 ;;
    esac
    ;;
  # A primary serves once its data are loaded, a replica once it follows its primary.
  ready)
    role=$(ask probe localhost "$REDIS_PORT" ROLE)
    case $role in
      master*) ;;
      slave*connected*) ;;
      *) say "this replica does not follow its primary yet" && exit 1 ;;
    esac
    ;;
  sentinel) ask probe localhost "$SENTINEL_PORT" PING >/dev/null ;;
  # Enough sentinels see each other to replace a primary.
  quorum) ask probe localhost "$SENTINEL_PORT" SENTINEL CKQUORUM "$PRIMARY" >/dev/null ;;
  *) say "use alive, ready, sentinel or quorum, not $1" && exit 2 ;;
esac
