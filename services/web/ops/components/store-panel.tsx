import type { StoreNode } from '../../../protocol/operations.ts';
import { agoText, countText, memoryText, msText } from '../model/text.ts';
import { now, store, storeTrails } from '../store.ts';
import { Figure } from './figure.tsx';

/** The state of Redis: memory, commands, replicas, and slow commands. */
export function StorePanel() {
  const { problem, nodes = [], slow = [], slowProblem } = store.value ?? {};
  const commands = nodes.reduce((sum, { commandsPerSecond }) => sum + commandsPerSecond, 0);
  const memory = nodes.reduce((sum, node) => sum + node.memory, 0);
  return (
    <section class="card panel" aria-labelledby="store-title" data-testid="store">
      <h2 id="store-title">Redis</h2>
      {store.value === undefined && <p class="ops-empty">There is no report of Redis yet.</p>}
      {problem !== undefined && (
        <p class="ops-problem" role="alert">
          {problem}
        </p>
      )}
      {nodes.length > 0 && (
        <dl class="figures">
          <Figure
            title="Memory"
            label="Memory of Redis"
            testId="store-memory"
            trail={storeTrails.memory}
            text={memoryText}
          >
            {memoryText(memory)} <small>{limitText(nodes)}</small>
          </Figure>
          <Figure
            title="Commands"
            label="Commands of Redis"
            testId="store-commands"
            trail={storeTrails.commands}
            text={countText}
          >
            {countText(commands)} <small>a second</small>
          </Figure>
        </dl>
      )}
      <ul class="nodes">
        {nodes.map((node) => (
          <Node key={node.name} node={node} />
        ))}
      </ul>
      {nodes.length > 0 && (
        <>
          <h3>Slow log</h3>
          {slowProblem !== undefined && <p class="ops-empty">{slowProblem}</p>}
          {slow.length === 0 && slowProblem === undefined && <p class="ops-empty">No command was slow.</p>}
          <ul class="slow" data-testid="slow-log">
            {slow.map(({ id, at, ms, text }) => (
              <li key={id}>
                <b>{msText(ms)}</b>
                <span class="ops-mono">{text}</span>
                <span class="ops-note">{agoText(now.value - at)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The memory limit of all nodes, and the share that the fullest node uses. */
function limitText(nodes: readonly StoreNode[]): string {
  const shares = nodes.flatMap(({ memory, memoryLimit }) => (memoryLimit === null ? [] : [memory / memoryLimit]));
  if (shares.length === 0) return 'no limit';
  const limit = nodes.reduce((sum, { memoryLimit }) => sum + (memoryLimit ?? 0), 0);
  return `of ${memoryText(limit)}, ${Math.round(Math.max(...shares) * 100)} %`;
}

function Node({ node: { name, role, clients, evicted, isWriting, replicas } }: { node: StoreNode }) {
  const copies =
    replicas.length === 0
      ? 'no replica'
      : replicas.map(({ name: copy, state, lagSeconds }) => `${copy} ${state}, ${lagSeconds} s behind`).join('; ');
  return (
    <li>
      <span class="ops-mono">{name}</span> {role === 'master' ? 'primary' : role} · {countText(clients)} clients ·{' '}
      {copies}
      {evicted > 0 && <b class="ops-bad"> · {countText(evicted)} keys evicted for lack of memory</b>}
      {!isWriting && <b class="ops-bad"> · cannot write to its disk</b>}
    </li>
  );
}
