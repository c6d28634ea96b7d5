/** Typed events: `Events` maps a name to the arguments of its listeners. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Returns a function that ends the subscription. */
  on<K extends keyof Events>(type: K, listener: (payload: Events[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit<K extends keyof Events>(type: K, payload: Events[K]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (payload: Events[K]) => void)(payload);
      } catch (error) {
        // An error of a listener must be visible, but not stop the message.
        void Promise.reject(error);
      }
    }
  }
}
