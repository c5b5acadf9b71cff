// Starts another program that inherits its environment and options, and prints its pid.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const child = spawn(process.execPath, [...process.execArgv, '--eval', '0'], { stdio: 'ignore' });
await once(child, 'exit');
console.log(child.pid);
