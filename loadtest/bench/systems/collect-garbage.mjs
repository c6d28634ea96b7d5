// Loaded into every Node process whose memory is measured: what is resident shall be what is used.
process.on('SIGWINCH', () => {
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
});
