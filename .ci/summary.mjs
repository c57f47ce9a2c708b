// Prints each skipped test with its reason-bearing name, then the one line that the gate is read by.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = report.testResults.flatMap((file) => file.assertionResults);
const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);

for (const test of tests)
  if (test.status === 'skipped' || test.status === 'pending') console.log(`skipped: ${test.fullName}`);
for (const file of brokenFiles) console.log(`did not load: ${file.name}`);

const passed = count('passed');
const failed = count('failed') + brokenFiles.length;
const skipped = count('skipped', 'pending', 'todo');
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
