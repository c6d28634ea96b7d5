# Shared by the scripts of a Redis pod; POSIX sh, for the image has nothing else.
set -eu
umask 077

# What a renewed certificate changes.
fingerprint() {
  cat "$TLS/tls.crt" "$TLS/tls.key" "$TRUST/roots.pem" | sha256sum
}

# ask USER HOST PORT COMMAND...: the reply, one value a line; fails when there is none or it is an error.
ask() {
  who=$1 host=$2 port=$3
  shift 3
  # Of its own pod nobody has to be sure: a certificate that is mistaken must not stop who would put it right.
  verify="--cacert $TRUST/roots.pem"
  [ "$host" != localhost ] || verify=--insecure
  # Timed out by itself: redis-cli would wait for a host that is gone.
  # shellcheck disable=SC2086
  REDISCLI_AUTH=$(cat "$SECRETS/$who") timeout "${ASK_SECONDS:-3}" redis-cli -e --no-auth-warning \
    -h "$host" -p "$port" --user "$who" --tls $verify "$@"
}

say() {
  echo "$(basename "$0"): $*" >&2
}

# A member is host:port:sentinel-port; this pod is the one whose number its name ends with.
host_of() { echo "${1%%:*}"; }
port_of() { middle=${1#*:}; echo "${middle%%:*}"; }
sentinel_port_of() { echo "${1##*:}"; }

member() {
  number=$1
  # shellcheck disable=SC2086
  set -- $MEMBERS
  shift "$number"
  echo "$1"
}

self() {
  member "${POD_NAME##*-}"
}

# value FIELD: one field of a reply of names and values in turns.
value() {
  awk -v field="$1" 'NR % 2 { name = $0; next } name == field { print; exit }'
}
