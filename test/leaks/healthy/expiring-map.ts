/** Sign-in codes live for 25 seconds; a sweep removes those whose time is over. */
import express from 'express';
import { prose, serveUnderLoad } from '../load.js';

const TTL_MS = 25_000;
const SWEEP_MS = 5000;

class SignInCodes {
  readonly #codes = new Map<string, { readonly mail: string; readonly expiresAt: number }>();

  issue(user: string, mail: string): void {
    this.#codes.set(user, { mail, expiresAt: Date.now() + TTL_MS });
  }

  sweep(): void {
    const now = Date.now();
    for (const [user, code] of this.#codes) {
      if (code.expiresAt <= now) this.#codes.delete(user);
    }
  }
}

const codes = new SignInCodes();
setInterval(() => codes.sweep(), SWEEP_MS);
const app = express();
app.get('/sign-in/:user', (request, response) => {
  codes.issue(request.params.user, prose(2500, Number(request.params.user)));
  response.sendStatus(204);
});
serveUnderLoad(app, { perSecond: 50, path: (index) => `/sign-in/${index}` });
