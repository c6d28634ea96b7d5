// A reporter of node:test for the runner: one JSON line for each test that ended (not for its suites), and the counts.
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === 'test:summary') yield `${JSON.stringify({ counts: data.counts })}\n`;
    else if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite') {
      const result = data.skip !== undefined || data.todo !== undefined ? 'skipped' : type.slice('test:'.length);
      yield `${JSON.stringify({ name: data.name, result, seconds: data.details.duration_ms / 1000 })}\n`;
    }
  }
}
