import { isOver } from '../model/states.ts';
import { replicas } from '../store.ts';
import { ReplicaCard } from './replica-card.tsx';

/** Every replica of the last five minutes, those that are gone or have left last. */
export function Replicas() {
  const all = [...replicas.value].sort((one, other) => Number(isOver(one)) - Number(isOver(other)));
  return (
    <section aria-labelledby="replicas-title">
      <div class="ops-head">
        <h2 id="replicas-title">Replicas</h2>
        <p class="ops-note">last five minutes, one scale for all</p>
      </div>
      <div class="replicas">
        {all.map((replica) => (
          <ReplicaCard key={replica.replica} replica={replica} />
        ))}
        {all.length === 0 && <p class="ops-empty">No replica has been heard of yet.</p>}
      </div>
    </section>
  );
}
