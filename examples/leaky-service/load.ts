/**
 * Visitors of the shop: most are crawlers and API clients that never send a cookie back, some are browsers that do.
 * `node load.js URL REQUESTS_PER_SECOND`; runs until it is killed or its parent ends.
 */
import { Agent, request } from 'node:http';

const [shop = 'http://127.0.0.1:3000', rate = '100'] = process.argv.slice(2);
const TICK_MS = 50;
const SEARCHES = ['oak', 'lamp', 'steel', 'chair', 'glass', 'rug', ''];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (compatible; ShopBot/2.1; +https://shopbot.example/about)',
  'price-compare/4.2 (+https://prices.example)',
];
const BROWSERS = 20;

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const cookies: (string | undefined)[] = Array.from({ length: BROWSERS });
let sent = 0;

function visit(): void {
  sent += 1;
  const browser = sent % 4 === 0 ? sent % BROWSERS : null;
  const page = sent % 3;
  const path =
    page === 0
      ? `/products/${(sent % 64) + 1}`
      : `/products?q=${SEARCHES[sent % SEARCHES.length]}&campaign=c${sent % 9}`;
  const post = page === 2 && browser !== null;
  const headers: Record<string, string> = {
    'accept-language': 'en-GB,en;q=0.8',
    'user-agent': AGENTS[sent % AGENTS.length]!,
  };
  const cookie = browser === null ? undefined : cookies[browser];
  if (cookie !== undefined) headers['cookie'] = cookie;
  if (post) headers['content-type'] = 'application/json';
  const call = request(
    shop + (post ? '/cart' : path),
    { agent, method: post ? 'POST' : 'GET', headers },
    (response) => {
      const set = response.headers['set-cookie']?.[0]?.split(';')[0];
      if (browser !== null && set !== undefined) cookies[browser] = set;
      response.resume();
    },
  );
  // The shop may pause or end at any time; a visitor whose request fails just leaves.
  call.on('error', () => {});
  call.end(post ? JSON.stringify({ id: (sent % 64) + 1 }) : undefined);
}

let owed = 0;
setInterval(() => {
  owed = Math.min(owed + (Number(rate) * TICK_MS) / 1000, Number(rate));
  for (; owed >= 1; owed -= 1) visit();
}, TICK_MS);
process.on('disconnect', () => process.exit());
