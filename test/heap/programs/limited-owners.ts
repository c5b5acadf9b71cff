/** Collections that the program limits in different ways, and some that it does not though numbers stand beside them. */
import { setTimeout as after } from 'node:timers';

const MAX_RECENT = 50_000;
const MAX_RETRIES = 60_000;
const PAGE_LIMIT = 20;
const SESSION_TTL_MS = 600_000;
const MINUTE = 60_000;

class Item {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

const recent = new Map<string, Item>();
function remember(index: number): void {
  if (recent.size >= MAX_RECENT) recent.clear();
  recent.set(`recent-${index}`, new Item(index));
}

class Registry {
  static readonly capacity = 40_000;
  readonly #items: Item[] = [];
  add(index: number): void {
    if (this.#items.length < Registry.capacity) this.#items.push(new Item(index));
  }
}

class Ring {
  readonly options = { historySize: 30_000 };
  readonly log: Item[] = [];
  add(index: number): void {
    this.log.push(new Item(index));
    if (this.log.length > this.options.historySize) this.log.shift();
  }
}

class TextCache {
  readonly maxBytes = 10_000_000;
  totalBytes = 0;
  readonly texts = new Map<string, { readonly text: string }>();
  add(index: number): void {
    const text = 'x'.repeat(100) + index;
    this.totalBytes += text.length;
    this.texts.set(`text-${index}`, { text });
  }
}

function memoize(make: (key: string) => Item): (key: string) => Item {
  const limit = 20_000;
  const made = new Map<string, Item>();
  return (key) => {
    if (made.size > limit) made.clear();
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

class SessionStore {
  readonly sessions = new Map<string, { readonly lastAccess: number }>();
  add(index: number): void {
    if (SESSION_TTL_MS > 0) this.sessions.set(`session-${index}`, { lastAccess: Date.now() });
  }
}

class Outbox {
  readonly maxRetries = 70_000;
  readonly pageSize = 50_000;
  readonly limit = 20;
  readonly sent: Item[] = [];
  add(index: number): void {
    if (MAX_RETRIES + PAGE_LIMIT > 0) this.sent.push(new Item(index));
  }
}

const registry = new Registry();
const ring = new Ring();
const texts = new TextCache();
const build = memoize((key) => new Item(key.length));
const sessions = new SessionStore();
const outbox = new Outbox();
const tokens = new Map<string, { readonly expiresAt: number }>();
const pending = new Map<string, Item>();
const weak = new Map<string, WeakRef<Item>>();
const boxes = new Map<string, { readonly reference: WeakRef<Item>; readonly at: number }>();

export function handle(index: number): void {
  remember(index);
  registry.add(index);
  ring.add(index);
  texts.add(index);
  build(`made-${index}`);
  sessions.add(index);
  outbox.add(index);
  tokens.set(`token-${index}`, { expiresAt: Date.now() - MINUTE });
  const id = `pending-${index}`;
  pending.set(id, new Item(index));
  after(() => pending.delete(id), MINUTE).unref();
  weak.set(`weak-${index}`, new WeakRef(new Item(index)));
  boxes.set(`box-${index}`, { reference: new WeakRef(new Item(index)), at: index });
}
