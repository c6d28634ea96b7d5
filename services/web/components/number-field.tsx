import type { ComponentChildren } from 'preact';

interface NumberFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly hint: ComponentChildren;
  readonly onChange: (value: number) => void;
}

/** A whole number between two buttons; what is typed out of range is brought into it. */
export function NumberField({ id, label, value, min, max, step = 1, hint, onChange }: NumberFieldProps) {
  const set = (to: number) => onChange(Math.min(max, Math.max(min, Math.round(to))));
  const typed = (input: HTMLInputElement) => {
    if (Number.isFinite(input.valueAsNumber)) set(input.valueAsNumber);
    // The value may be the one there was, which renders nothing: the field still shows what was typed.
    input.value = String(Math.min(max, Math.max(min, Math.round(input.valueAsNumber || value))));
  };
  return (
    <div class="field number-field">
      <label class="label" for={id}>
        {label}
      </label>
      <div class="stepper">
        <button type="button" aria-label={`Less: ${label}`} disabled={value <= min} onClick={() => set(value - step)}>
          −
        </button>
        <input
          id={id}
          data-testid={id}
          type="number"
          inputMode="numeric"
          min={min}
          max={max}
          value={value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => typed(event.currentTarget)}
        />
        <button type="button" aria-label={`More: ${label}`} disabled={value >= max} onClick={() => set(value + step)}>
          +
        </button>
      </div>
      <span class="hint" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  );
}
