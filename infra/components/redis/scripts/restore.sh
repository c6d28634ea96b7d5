#!/bin/sh
# restore.sh: replaces everything by the commands on standard input, as an append-only file holds them. The servers must
# be stopped: what they remember would no longer be true.
. "$SCRIPTS/common.sh"

ASK_SECONDS=${RESTORE_SECONDS:-3600}
backup() {
  ask backup localhost "$REDIS_PORT" "$@"
}

[ "$(backup INFO replication | tr -d '\r' | sed -n 's/^role://p')" = master ] || {
  say "this Redis is no primary: restore at the one that is"
  exit 1
}
backup FLUSHALL SYNC >/dev/null
backup --pipe
