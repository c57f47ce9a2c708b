/** `npm run soak -- N [SEED]`: N random interruptions; exits 1 when anything was lost, repeated or different. */
import { soak } from './rig/interruptions.ts';

const [wanted = '100', given] = process.argv.slice(2);
const seed = Number(given ?? Date.now() % 2 ** 31);
if (![Number(wanted), seed].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  process.stderr.write('Usage: npm run soak -- N [SEED]\n');
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const { problems } = await soak(Number(wanted), seed, (line) => process.stdout.write(`${line}\n`));
process.exitCode = problems.length > 0 ? 1 : 0;
