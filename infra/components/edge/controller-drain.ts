// Drains a pod of the ingress controller before it ends, as the agent does for a plain edge.

/** The time in which balancers learn that a pod ends, while it still accepts connections. */
const ACCEPT_SECONDS = 10;
/** The window over which its open sockets are then closed. */
const SPREAD_SECONDS = 45;
export const CONTROLLER_GRACE_SECONDS = ACCEPT_SECONDS + SPREAD_SECONDS + 15;

/** The socket of HAProxy's master process, which reaches workers that a reload replaced and that still hold sockets. */
const MASTER_SOCKET = '/var/run/haproxy-master.sock';
const FRONTENDS = ['https', 'http'];
/** Commands in one line to the socket, which takes lines of up to 16 KB. */
const BATCH = 100;

export interface DrainOptions {
  readonly masterSocket?: string;
  readonly acceptSeconds?: number;
  readonly spreadSeconds?: number;
}

/**
 * A script for the shell of the controller's image. It stops accepting connections after a while. Then it closes the
 * open ones of every worker in random order, evenly over the window, so that their clients do not all reach the next
 * pod at once.
 */
export function drainScript(options: DrainOptions = {}): string {
  const { masterSocket = MASTER_SOCKET, acceptSeconds = ACCEPT_SECONDS, spreadSeconds = SPREAD_SECONDS } = options;
  return [
    `ask() { socat -t 10 - 'UNIX-CONNECT:${masterSocket}'; }`,
    `workers() { echo 'show proc' | ask | awk '$2 == "worker" { print $1 }'; }`,
    // A line for each open connection: the command that closes it, after a random number.
    'sessions() {',
    '  for pid in $(workers); do',
    `    echo "@!$pid show sess" | ask | awk -v pid="$pid" -v seed="$1" '`,
    `      BEGIN { srand(seed) }`,
    `      / fe=(${FRONTENDS.join('|')}) / { sub(/:$/, "", $1); printf "%f @!%s shutdown session %s\\n", rand(), pid, $1 }'`,
    '  done | sort | cut -d " " -f 2-',
    '}',
    `sleep ${acceptSeconds}`,
    'for pid in $(workers); do',
    `  for frontend in ${FRONTENDS.join(' ')}; do echo "@!$pid disable frontend $frontend" | ask; done`,
    'done > /dev/null',
    `left=${spreadSeconds}`,
    'while [ "$left" -gt 0 ]; do',
    '  open=$(sessions "$left")',
    '  [ -n "$open" ] || exit 0',
    '  count=$(echo "$open" | wc -l)',
    // A remainder is closed early rather than late.
    '  due=$(((count + left - 1) / left))',
    `  echo "$open" | head -n "$due" | awk '{ printf "%s%s", $0, NR % ${BATCH} ? "; " : "\\n" } END { print "" }' |`,
    '    while read -r commands; do echo "$commands" | ask; done > /dev/null',
    '  sleep 1',
    '  left=$((left - 1))',
    'done',
  ].join('\n');
}
