#!/bin/sh
# Gives Redis its certificate, key and roots again when they change on disk: new connections get the new ones, those
# that stand stay, and no move waits for a restart.
. "$SCRIPTS/common.sh"

stopping=''
trap 'stopping=yes' TERM INT
seen=$(fingerprint)
while [ -z "$stopping" ]; do
  sleep "${WATCH_SECONDS:-5}" &
  pause=$!
  wait "$pause" || kill "$pause" 2>/dev/null || true
  now=$(fingerprint)
  [ "$now" != "$seen" ] || continue
  if ask keeper localhost "$REDIS_PORT" CONFIG SET tls-cert-file "$TLS/tls.crt" tls-key-file "$TLS/tls.key" \
    tls-ca-cert-file "$TRUST/roots.pem" >/dev/null; then
    seen=$now
    say "Redis uses the renewed certificate"
  else
    say "Redis did not take the renewed certificate: trying again"
  fi
done
