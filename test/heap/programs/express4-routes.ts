import { createRequire } from 'node:module';
import type express from 'express';

// The version before, without types of its own.
const create = createRequire(import.meta.url)('express4') as typeof express;
const app = create();

/** A health route that is registered on every request instead of once. */
export function handle(index: number): void {
  app.get('/health', (_request, response) => {
    response.json({ index });
  });
}
