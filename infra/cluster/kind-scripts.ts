// What the kind cluster's commands run. POSIX sh; everything that varies comes by environment or stdin.

// kind writes into a kubeconfig; the user's own is not ours to change.
const OWN_KUBECONFIG = `KUBECONFIG=$(mktemp)
export KUBECONFIG
trap 'rm -f "$KUBECONFIG" "$KUBECONFIG.lock"' EXIT`;

const NEEDS_KIND = `command -v kind >/dev/null || {
  echo "kind is not on PATH: get it from https://kind.sigs.k8s.io, or set cluster to existing." >&2
  exit 1
}`;

/**
 * Makes the cluster from the configuration on stdin, or adopts one of that name. Prints which of the two, as
 * only a cluster that was made here is deleted.
 */
export const CREATE = `set -eu
${NEEDS_KIND}
${OWN_KUBECONFIG}
if ! kind get clusters 2>/dev/null | grep -qxF "$CLUSTER"; then
  kind create cluster --name "$CLUSTER" --config - --wait 120s >&2
  echo created
  exit 0
fi
mapped=$(docker port "$CLUSTER-control-plane" "$NODE_PORT/tcp" 2>/dev/null || true)
case "$mapped" in
  *":$PORT") echo adopted ;;
  *)
    echo "The kind cluster $CLUSTER exists, but does not map port $PORT of this machine: delete it" \\
      "(kind delete cluster --name $CLUSTER), or set clusterName to another name." >&2
    exit 1
    ;;
esac`;

/** Keeps what the creation printed. */
export const UPDATE = 'printf "%s" "$PULUMI_COMMAND_STDOUT"';

/** Nothing to do for an adopted cluster, and no error for one that is gone. */
export const DELETE = `set -eu
${OWN_KUBECONFIG}
case "$PULUMI_COMMAND_STDOUT" in
  *created*) kind delete cluster --name "$CLUSTER" >&2 ;;
  *) echo "Left the kind cluster $CLUSTER, which was there before." >&2 ;;
esac`;

export const KUBECONFIG = 'kind get kubeconfig --name "$CLUSTER"';

export const LOAD = 'kind load docker-image "$IMAGE" --name "$CLUSTER"';
