/** A phrase to reword. */
export interface Finding {
  readonly line: number;
  readonly phrase: string;
  /** The phrase to write instead, or another way to reword it. */
  readonly advice: string;
}
