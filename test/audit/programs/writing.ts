/** Records calls in the directory of the first argument until it is killed, and prints how many are on the disk. */
import { AuditLog } from '../../../src/audit/audit-log.js';
import { keepAlive, systemClock } from '../../../src/runtime/clock.js';
import { createLogger } from '../../../src/runtime/logger.js';

const log = new AuditLog({
  directory: process.argv[2]!,
  program: '0123456789abcdef',
  writer: { pid: process.pid, threadId: 0, version: '1.2.3' },
  clock: systemClock,
  logger: createLogger('warn', (line) => process.stderr.write(line)),
});
keepAlive();
for (let index = 1; ; index++) {
  const failure = await log.record({ event: 'call', index }, true);
  process.stdout.write(failure === null ? `${index}\n` : `${failure}\n`);
  if (failure !== null) process.exit();
}
