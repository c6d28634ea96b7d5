import { LIMITS } from '../../protocol/index.ts';
import { rename } from '../actions.ts';
import { name } from '../preferences.ts';

export function NameField() {
  return (
    <label class="field name-field">
      <span class="label">Your name</span>
      <input
        type="text"
        data-testid="name"
        autocomplete="nickname"
        spellcheck={false}
        maxLength={LIMITS.nameLength}
        value={name.value}
        onChange={(event) => rename(event.currentTarget.value)}
      />
    </label>
  );
}
