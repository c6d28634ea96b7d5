#!/bin/sh
# Starts the one Redis. It may have been the first of three: what these knew of each other would mislead the next three.
. "$SCRIPTS/common.sh"

rm -f "$DATA/redis.conf" "$DATA/sentinel.conf" "$DATA/set"
exec redis-server "$CONFIG/redis.conf"
