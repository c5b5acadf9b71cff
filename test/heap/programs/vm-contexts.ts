import { type Context, createContext, runInContext } from 'node:vm';

class SandboxPool {
  readonly tenants = new Map<string, Context>();
}
const pool = new SandboxPool();

export function handle(index: number): void {
  if (index % 10 !== 0) return;
  const sandbox = createContext({ index });
  runInContext('rules = [index, index + 1]', sandbox);
  pool.tenants.set(`planted-secret-${index}`, sandbox);
}
