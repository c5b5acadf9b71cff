/** memlab's engine as a whole process: `node memlab.js FILE FOLDER`, FOLDER being where it is installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { reportRun } from './run-report.js';

interface Memlab {
  getFullHeapFromFile(file: string): Promise<{
    readonly nodes: { readonly length: number; get(index: number): { readonly retainedSize: number } };
  }>;
}

const [file, folder] = process.argv.slice(2);
const memlab = createRequire(join(folder!, 'package.json'))('@memlab/heap-analysis') as Memlab;
const { nodes } = await memlab.getFullHeapFromFile(file!);
reportRun(nodes.length, nodes.get(0).retainedSize);
