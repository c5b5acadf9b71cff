/** The engine as a whole process: `node leakwatch.js FILE`. */
import { buildHeapGraph } from '../../src/heap/graph/heap-graph.js';
import { parseSnapshotFile } from '../../src/heap/snapshot/snapshot-file.js';

import { reportRun } from './run-report.js';

const snapshot = await parseSnapshotFile(process.argv[2]!);
const { retainedSize } = buildHeapGraph(snapshot);
reportRun(snapshot.nodeCount, retainedSize[0]!);
