#!/bin/sh
# Starts Sentinel with what it knew, under the present configuration, and again when the certificate changes: it
# reads that only at its start, holds no data, and is back within a second.
. "$SCRIPTS/common.sh"

self=$(self)
conf="$DATA/sentinel.conf"

# A volume from an earlier set of three names primaries that no longer exist, and its data are old. The data of the
# first pod come from the single Redis in between, which left no mark.
if [ "$(cat "$DATA/set" 2>/dev/null)" != "$SET" ]; then
  rm -f "$conf" "$DATA/redis.conf"
  if [ -f "$DATA/set" ]; then
    say "this volume belonged to another set: its data are removed"
    rm -rf "$DATA/appendonlydir"
  fi
  echo "$SET" > "$DATA/set.new"
  mv "$DATA/set.new" "$DATA/set"
fi

state='^sentinel (myid|monitor|current-epoch|config-epoch|leader-epoch|known-replica|known-sentinel) '

write_config() {
  kept=''
  [ ! -f "$conf" ] || kept=$(grep -E "$state" "$conf" || true)
  {
    cat "$CONFIG/sentinel-head.conf" "$SECRETS/sentinel-peers.conf"
    echo "sentinel announce-ip $(host_of "$self")"
    echo "sentinel announce-port $(sentinel_port_of "$self")"
    case $kept in
      *"sentinel monitor "*) ;;
      *) first=$(member 0) && echo "sentinel monitor $PRIMARY $(host_of "$first") $(port_of "$first") $QUORUM" ;;
    esac
    [ -z "$kept" ] || echo "$kept"
    cat "$CONFIG/sentinel-settings.conf" "$SECRETS/sentinel-primary.conf"
  } > "$conf.new"
  mv "$conf.new" "$conf"
}

stopping='' child=''
stop() {
  stopping=yes
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
}
trap stop TERM INT

while [ -z "$stopping" ]; do
  write_config
  seen=$(fingerprint)
  redis-server "$conf" --sentinel &
  child=$!
  renewed=''
  while kill -0 "$child" 2>/dev/null && [ -z "$stopping" ]; do
    sleep "${WATCH_SECONDS:-5}" &
    pause=$!
    wait "$pause" || kill "$pause" 2>/dev/null || true
    [ -z "$renewed$stopping" ] && [ "$(fingerprint)" != "$seen" ] || continue
    renewed=yes
    # Each sentinel restarts at a different time, so that two of three keep watching.
    sleep "$((${POD_NAME##*-} * ${WATCH_SECONDS:-5}))"
    say "the certificate was renewed: starting again with it"
    kill -TERM "$child" 2>/dev/null || true
  done
  code=0
  wait "$child" || code=$?
  [ -n "$stopping" ] || [ -n "$renewed" ] || exit "$code"
done
