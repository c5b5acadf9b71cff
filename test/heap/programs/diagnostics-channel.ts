import { channel } from 'node:diagnostics_channel';

const orders = channel('shop:orders');

export function handle(index: number): void {
  orders.subscribe(() => index);
}
