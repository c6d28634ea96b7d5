import assert from 'node:assert/strict';
import type { Registration } from './registration.ts';

/** Type and name of a resource: `['kubernetes:core/v1:Service', 'game']`. */
export type Child = readonly [type: string, name: string];

const byTypeAndName = (a: Child, b: Child): number => (a.join() < b.join() ? -1 : 1);

/** What a program registered, in the order it did, and what it returned. */
export class Recording<T = unknown> {
  readonly registrations: readonly Registration[];
  readonly outputs: T;

  constructor(registrations: readonly Registration[], outputs: T) {
    this.registrations = registrations;
    this.outputs = outputs;
  }

  /** The one resource of a type, and of a name where there are several. Fails when there is none, or more. */
  one(type: string, name?: string): Registration {
    const found = this.all(type).filter((each) => name === undefined || each.name === name);
    assert.equal(found.length, 1, `${found.length} resources ${type}${name ? ` named ${name}` : ''}; ${this.#list()}`);
    return found[0] as Registration;
  }

  /** Every resource of a type. */
  all(type: string): Registration[] {
    return this.registrations.filter((each) => each.type === type);
  }

  /** Fails unless a component has exactly these children, in whatever order. */
  assertChildren(parent: string, expected: readonly Child[]): void {
    const children = this.registrations
      .filter((each) => each.parent === parent && !each.read)
      .map(({ type, name }): Child => [type, name]);
    assert.deepEqual(children.sort(byTypeAndName), [...expected].sort(byTypeAndName));
  }

  #list(): string {
    return `registered: ${this.registrations.map(({ type, name }) => `${type} ${name}`).join(', ')}`;
  }
}
