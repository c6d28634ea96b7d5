#!/bin/sh
# backup.sh: writes a snapshot of everything to standard output, as a file of Redis (RDB).
. "$SCRIPTS/common.sh"

ASK_SECONDS=${BACKUP_SECONDS:-3600} ask backup localhost "$REDIS_PORT" --rdb -
