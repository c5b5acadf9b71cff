/** Chrome DevTools' engine as a whole process: `node devtools.js FILE`. */
import { createReadStream } from 'node:fs';
import { parse } from 'heap-snapshot-toolkit';
import { reportRun } from './run-report.js';

const snapshot = await parse(createReadStream(process.argv[2]!, 'utf-8'));
reportRun(snapshot.nodeCount, snapshot.retainedSizes[0]!);
