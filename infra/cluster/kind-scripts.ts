// The scripts of the kind cluster's commands. POSIX sh; everything that varies comes from the environment or stdin.

// kind writes into a kubeconfig; the user's own is not ours to change.
const OWN_KUBECONFIG = `KUBECONFIG=$(mktemp)
export KUBECONFIG
trap 'rm -f "$KUBECONFIG" "$KUBECONFIG.lock"' EXIT`;

const NEEDS_KIND = `command -v kind >/dev/null || {
  echo "kind is not on PATH: get it from https://kind.sigs.k8s.io, or set cluster to existing." >&2
  exit 1
}`;

/**
 * The mark says which stack made a cluster. It is written before kind begins, because an interrupted run leaves no
 * other record. Its lines are OWNER, and \`making PID\` or \`made\`.
 */
const MARK = `MARK="\${XDG_STATE_HOME:-$HOME/.local/state}/gridlock/kind/$CLUSTER"
exists() { kind get clusters 2>/dev/null | grep -qxF "$CLUSTER"; }
is_ours() { [ -n "\${OWNER:-}" ] && [ "$(sed -n 1p "$MARK" 2>/dev/null)" = "$OWNER" ]; }
mark() { mkdir -p "\${MARK%/*}" && printf '%s\\n%s\\n' "$OWNER" "$*" >"$MARK"; }
end_creation() {
  pid=$(sed -n 's/^making \\([0-9]*\\)$/\\1/p' "$MARK" 2>/dev/null || true)
  [ -n "$pid" ] || return 0
  case "$(ps -o args= -p "$pid" 2>/dev/null)" in
    *"kind create cluster --name $CLUSTER "*) kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 1; done ;;
  esac
}
remove() {
  end_creation
  kind delete cluster --name "$CLUSTER" >&2
  rm -f "$MARK"
}`;

/**
 * Makes the cluster from the configuration on stdin, or adopts one of that name. Prints which of the two it did,
 * because only a cluster that was made here is deleted.
 */
export const CREATE = `set -eu
${NEEDS_KIND}
${OWN_KUBECONFIG}
${MARK}
if is_ours && grep -q '^making ' "$MARK"; then
  echo "The last run was interrupted while it made the kind cluster $CLUSTER; it is made again." >&2
  remove
fi
if ! exists; then
  exec 3<&0
  kind create cluster --name "$CLUSTER" --config - --wait 120s <&3 >&2 &
  kind=$!
  mark making "$kind"
  wait "$kind" || { status=$?; rm -f "$MARK"; exit "$status"; }
  # kind waits for the node alone. Before kube-proxy runs, no pod reaches the API server by its Service.
  docker exec "$CLUSTER-control-plane" kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system \\
    rollout status daemonset/kube-proxy --timeout 120s >&2
  mark made
  echo created
  exit 0
fi
mapped=$(docker port "$CLUSTER-control-plane" "$NODE_PORT/tcp" 2>/dev/null || true)
case "$mapped" in
  *":$PORT") if is_ours; then echo created; else echo adopted; fi ;;
  *)
    echo "The kind cluster $CLUSTER exists, but does not map port $PORT of this machine: delete it" \\
      "(kind delete cluster --name $CLUSTER), or set clusterName to another name." >&2
    exit 1
    ;;
esac`;

/** Keeps the output of the creation. */
export const UPDATE = 'printf "%s" "$PULUMI_COMMAND_STDOUT"';

/** Deletes the cluster, whole or half made. A cluster that no longer exists is not an error. */
export const REMOVE = `set -eu
${NEEDS_KIND}
${OWN_KUBECONFIG}
${MARK}
remove`;

/** Nothing to do for an adopted cluster. */
export const DELETE = `set -eu
${OWN_KUBECONFIG}
${MARK}
case "$PULUMI_COMMAND_STDOUT" in
  *created*) remove ;;
  *) echo "Left the kind cluster $CLUSTER, which was there before." >&2 ;;
esac`;

export const KUBECONFIG = 'kind get kubeconfig --name "$CLUSTER"';

export const LOAD = 'kind load docker-image "$IMAGE" --name "$CLUSTER"';
