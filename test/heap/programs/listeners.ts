import { EventEmitter } from 'node:events';

class Bus extends EventEmitter {}
const bus = new Bus();
bus.setMaxListeners(0);

export function handle(index: number): void {
  bus.on('close', () => index);
}
