#!/bin/sh
# Starts a Redis of the Sentinel topology in the role it has now, which may not be the one it had.
. "$SCRIPTS/common.sh"

self=$(self)
self_host=$(host_of "$self")
self_port=$(port_of "$self")
conf="$DATA/redis.conf"

has_data() {
  ls "$DATA"/appendonlydir/*.manifest >/dev/null 2>&1
}

# sentinel MEMBER COMMAND...: what this member's sentinel answers.
sentinel() {
  of=$1
  shift
  ask keeper "$(host_of "$of")" "$(sentinel_port_of "$of")" SENTINEL "$@" 2>/dev/null
}

# Sets primary to "host port" as the sentinel says that knows best, followers to the most replicas that any knows,
# and answers to how many sentinels there are.
look_up() {
  primary='' followers=0 answers=0 newest=-1
  for member in $MEMBERS; do
    report=$(sentinel "$member" MASTER "$PRIMARY") || continue
    # While it replaces a primary, only this answer names the new one.
    named=$(sentinel "$member" GET-MASTER-ADDR-BY-NAME "$PRIMARY") || continue
    answers=$((answers + 1))
    known=$(echo "$report" | value num-slaves)
    [ "${known:-0}" -le "$followers" ] || followers=$known
    epoch=$(echo "$report" | value config-epoch)
    [ "${epoch:-0}" -gt "$newest" ] || continue
    newest=$epoch
    # shellcheck disable=SC2086
    primary=$(echo $named)
  done
}

# If an empty pod became the primary, the others would copy it and lose their data. It must learn from enough sentinels
# that there are no data, or wait until they have named another primary.
endangers() {
  ! has_data || return 1
  [ "$primary" = "$self_host $self_port" ] || { [ -z "$primary" ] && [ "$self" = "$(member 0)" ]; } || return 1
  [ "$answers" -lt "$QUORUM" ] || [ "$followers" -gt 0 ]
}

told=''
look_up
while endangers; do
  [ -n "$told" ] || say "this pod would be the primary and its volume is empty: waiting for the sentinels"
  told=yes
  sleep 1
  look_up
done

if [ -z "$primary" ]; then
  if [ -f "$conf" ]; then
    primary=$(sed -n 's/^replicaof //p' "$conf" | tail -n 1)
    say "no sentinel answers: going on as what this pod was, ${primary:+not }the primary"
  else
    first=$(member 0)
    primary="$(host_of "$first") $(port_of "$first")"
  fi
fi
[ "$primary" != "$self_host $self_port" ] || primary=''

{
  echo "include $CONFIG/redis.conf"
  echo "replica-announce-ip $self_host"
  echo "replica-announce-port $self_port"
  # When three Redis become one, this pod's volume stays: it takes over before the others.
  [ "$self" != "$(member 0)" ] || echo "replica-priority 50"
  # Redis writes later changes by Sentinel below.
  [ -z "$primary" ] || echo "replicaof $primary"
} > "$conf.new"
mv "$conf.new" "$conf"
exec redis-server "$conf"
