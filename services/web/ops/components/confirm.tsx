import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { OperatorAction } from '../../../protocol/operator.ts';
import { type Question, questionOf } from '../model/actions.ts';
import { isReady } from '../model/states.ts';
import { act } from '../operator.ts';
import { replicas } from '../store.ts';

interface Pending {
  readonly question: Question;
  readonly request: OperatorAction;
  readonly onDone: () => void;
}

const pending = signal<Pending | undefined>(undefined);
const isUnderWay = signal(false);
const problem = signal('');
/** The result of the last action. */
const outcome = signal('');

/** Asks once, and then carries out the action. Calls `onDone` when it is done. */
export function confirm(request: OperatorAction, onDone: () => void = () => {}): void {
  const ready = replicas.value.filter(isReady);
  const only = 'replica' in request && ready.length === 1 && ready[0]!.replica === request.replica;
  problem.value = '';
  pending.value = { question: questionOf(request, only), request, onDone };
}

/** The open question, and the result of the last action. */
export function Confirmation() {
  const asked = pending.value;
  return (
    <>
      {asked !== undefined && (
        <Dialog title={asked.question.title} onClose={() => (pending.value = undefined)}>
          <p class="dialog-text">{asked.question.text}</p>
          <p class="ops-problem" role="alert">
            {problem}
          </p>
          <div class="dialog-buttons">
            <button type="button" class="button" onClick={() => (pending.value = undefined)}>
              Cancel
            </button>
            <button
              type="button"
              class={`button primary ${asked.question.isFinal ? 'final' : ''}`}
              disabled={isUnderWay.value}
              onClick={() => void carryOut(asked)}
              data-testid="confirm"
            >
              {isUnderWay.value ? 'Working…' : asked.question.button}
            </button>
          </div>
        </Dialog>
      )}
      <p class={outcome.value ? 'ops-outcome' : 'visually-hidden'} role="status" data-testid="outcome">
        {outcome}
      </p>
    </>
  );
}

async function carryOut({ request, onDone }: Pending): Promise<void> {
  isUnderWay.value = true;
  problem.value = '';
  try {
    tell(await act(request));
    pending.value = undefined;
    onDone();
  } catch (error) {
    problem.value = (error as Error).message;
  } finally {
    isUnderWay.value = false;
  }
}

const SHOWN_MS = 10_000;
let hiding: number | undefined;

function tell(text: string): void {
  outcome.value = text;
  clearTimeout(hiding);
  hiding = window.setTimeout(() => (outcome.value = ''), SHOWN_MS);
}

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
}

/** A dialog that keeps the focus until it is closed; Escape closes it. */
export function Dialog({ title, onClose, isWide = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      class={isWide ? 'dialog dialog-wide' : 'dialog'}
      ref={element}
      aria-labelledby="dialog-title"
      onClose={onClose}
    >
      <div class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}
