/** What a person can mend: the message is a sentence that says what is wrong, where, and what to do. */
export class LoadProblem extends Error {
  override readonly name = 'LoadProblem';
}
