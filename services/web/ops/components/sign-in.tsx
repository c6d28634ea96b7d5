import { useSignal } from '@preact/signals';
import { operator, signIn, signOut } from '../operator.ts';
import { Dialog } from './confirm.tsx';

/** The operator who is signed in, and the form to sign in. */
export function SignIn() {
  const isOpen = useSignal(false);
  const isUnderWay = useSignal(false);
  const problem = useSignal('');
  const key = useSignal('');
  const name = operator.value?.operator;

  const submit = async (event: Event) => {
    event.preventDefault();
    isUnderWay.value = true;
    problem.value = '';
    try {
      await signIn(key.value);
      key.value = '';
      isOpen.value = false;
    } catch (error) {
      problem.value = (error as Error).message;
    } finally {
      isUnderWay.value = false;
    }
  };

  if (name !== undefined) {
    return (
      <div class="ops-operator" data-testid="operator">
        <span class="ops-note">Operator</span> <b>{name}</b>
        <button type="button" class="button small" onClick={signOut}>
          Sign out
        </button>
      </div>
    );
  }
  return (
    <div class="ops-operator">
      <button type="button" class="button small" onClick={() => (isOpen.value = true)}>
        Sign in to act
      </button>
      {isOpen.value && (
        <Dialog title="Sign in to act" onClose={() => (isOpen.value = false)}>
          <form class="dialog-form" onSubmit={(event) => void submit(event)}>
            <label class="field">
              <span class="label">Key of an operator</span>
              <input
                type="password"
                autocomplete="off"
                required
                value={key.value}
                onInput={({ currentTarget }) => (key.value = currentTarget.value)}
              />
            </label>
            <p class="hint">
              <code>npm start</code> keeps one in <code>.gridlock/run/operator.keys</code>, after the colon. Elsewhere
              it is in the file that <code>operatorKeysFile</code> names.
            </p>
            <p class="ops-problem" role="alert">
              {problem}
            </p>
            <div class="dialog-buttons">
              <button type="button" class="button" onClick={() => (isOpen.value = false)}>
                Cancel
              </button>
              <button type="submit" class="button primary" disabled={isUnderWay.value}>
                Sign in
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
