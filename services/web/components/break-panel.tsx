import { useSignal } from '@preact/signals';
import { askWhatBreaks, breakIt, isBreaking, offer, trials } from '../break/breaker.ts';
import { factsOf, titleOf } from '../break/facts.ts';
import { missed, type Target, type Trial } from '../break/trial.ts';
import { health } from '../session.ts';

const BUTTONS: readonly (readonly [target: Target, label: string])[] = [
  ['replica', 'Kill my replica'],
  ['redis', 'Kill Redis'],
  ['edge', 'Restart the edge'],
  ['certificate', 'Rotate the certificate'],
  ['network', 'Cut my network, 5 s'],
];

/** Buttons that break the cluster for real, and what this page noticed of it. */
export function BreakPanel() {
  const { available, needsKey, parts } = offer.value;
  if (!available) return needsKey ? <KeyForm /> : null;
  const offered = BUTTONS.filter(([target]) => target === 'network' || parts.includes(target));
  return (
    <section class="card break-it" aria-labelledby="break-it" data-testid="break-it">
      <div class="break-top">
        <h2 id="break-it">Break it</h2>
        <div class="break-buttons">
          {offered.map(([target, label]) => (
            <button
              key={target}
              type="button"
              class="button small"
              data-testid={`break-${target}`}
              // A disabled button would lose the keyboard focus.
              aria-disabled={isBreaking.value || health.value?.state !== 'open'}
              onClick={() => health.value?.state === 'open' && void breakIt(target)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      <Strip />
    </section>
  );
}

/** The latest trials, newest first. */
function Strip() {
  const shown = trials.value;
  return (
    <>
      {shown.length === 0 ? (
        <p class="hint">All of this is real. Keep playing, and see here what you notice.</p>
      ) : (
        <ol class="break-strip" aria-label="What happened">
          {shown.map((trial) => (
            <TrialRow key={trial.number} trial={trial} />
          ))}
        </ol>
      )}
      <p class="visually-hidden" role="status">
        {shown[0] && shown[0].state !== 'under way' ? spoken(shown[0]) : ''}
      </p>
    </>
  );
}

function TrialRow({ trial }: { trial: Trial }) {
  const { target, state, tally, lostAt, backAt, replica, replicaAfter } = trial;
  return (
    <li
      class={`trial is-${state.replace(' ', '-')}`}
      data-testid="trial"
      data-number={trial.number}
      data-target={target}
      data-state={state}
      data-epoch={tally.epoch}
      data-from={tally.from}
      data-to={tally.to}
      data-received={tally.received}
      data-missed={missed(tally)}
      data-away-ms={lostAt !== undefined && backAt !== undefined ? Math.round(backAt - lostAt) : ''}
      data-replica={replica}
      data-replica-after={replicaAfter}
      data-serial-before={trial.strike?.serials?.before}
      data-serial-after={trial.strike?.serials?.after}
      data-back-after-ms={trial.strike?.backAfterMs}
    >
      <b>{titleOf(trial)}</b>
      <dl>
        {factsOf(trial, performance.timeOrigin).map(({ id, name, value, isBad }) => (
          <div key={id} class={isBad ? 'bad' : id === 'missed' && state === 'over' ? 'good' : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

const spoken = (trial: Trial): string =>
  [titleOf(trial), ...factsOf(trial, performance.timeOrigin).map(({ name, value }) => `${name}: ${value}`)].join('. ');

/** Asks for a key, which is needed on any machine but the cluster's. */
function KeyForm() {
  const text = useSignal('');
  const isWrong = useSignal(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    isWrong.value = !(await askWhatBreaks(text.value.trim()));
  };
  return (
    <form class="card break-it break-key" aria-labelledby="break-it" data-testid="break-key" onSubmit={submit}>
      <h2 id="break-it">Break it</h2>
      <label class="field">
        <span class="label">The operator's key</span>
        <input
          type="password"
          autocomplete="off"
          aria-invalid={isWrong.value}
          value={text.value}
          onInput={(event) => void (text.value = event.currentTarget.value)}
        />
        {isWrong.value && (
          <span class="hint wrong" role="alert">
            The cluster does not accept this key.
          </span>
        )}
      </label>
      <button type="submit" class="button small">
        Use it
      </button>
    </form>
  );
}
