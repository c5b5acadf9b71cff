import express from 'express';

const app = express();

/** A health route that is registered on every request instead of once. */
export function handle(index: number): void {
  app.get('/health', (_request, response) => {
    response.json({ index });
  });
}
