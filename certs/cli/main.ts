// The command line without the rest of the checkout; `npm run certs` runs the same commands.
import certs from './certs.ts';

await certs.parseAsync(process.argv.slice(2), { from: 'user' });
