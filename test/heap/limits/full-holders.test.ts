import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Bound } from '../../../src/heap/limits/limit.js';
import { growing } from '../drawn-analysis.js';

const ROOMS = 10;

/** Rooms of a chat at 100, 200 and 300: `messages(n, room)` is how many messages a room has then. */
async function boundOf(messages: (n: number, room: number) => number, rooms = ROOMS): Promise<Bound | null> {
  const { suspects } = await growing(
    (n) => `
    global: object global 40
    root -shortcut 1-> global
    chat: object Chat 40
    rooms: object Array 32
    global -property chat-> chat
    chat -property rooms-> rooms
    ${Array.from({ length: rooms }, (_, room) => {
      const count = messages(n, room);
      if (count === 0) return '';
      return `
        room${room}: object Room 32
        list${room}: object Array 32
        rooms -element ${room}-> room${room}
        room${room} -property messages-> list${room}
        message${room}x*${count}: object Message 1000
        list${room} -element #-> message${room}x`;
    }).join('')}`,
  );
  const found = suspects.find(({ className }) => className === 'Message');
  assert.ok(found !== undefined, 'the growth of the messages is found');
  return found.bound;
}

describe('Collections that were filled to a bound that only code knows', () => {
  it('show it: several hold exactly as many, and none holds more', async () => {
    const bound = await boundOf((n, room) => Math.min(120, (n * (room + 1)) / 10));
    assert.deepEqual(bound, {
      source: 'full-holders',
      name: null,
      limit: 1200,
      unit: 'entries',
      holders: 10,
      full: 7,
    });
  });

  it('show none as long as they differ, as chance has it', async () => {
    assert.equal(await boundOf((n, room) => n + 7 * room), null);
  });

  it('show none when two agree, which may be chance', async () => {
    assert.equal(await boundOf((n, room) => n + 7 * Math.min(room, ROOMS - 2)), null);
  });

  it('show none when one of those that are not looked at holds more', async () => {
    const tenants = 100;
    assert.equal(await boundOf((n, room) => (room === tenants - 1 ? 30 * n : 20), tenants), null);
  });

  it('show none when they are records of a few parts', async () => {
    assert.equal(
      await boundOf((n, room) => (room === 0 ? Math.min(15, n / 10) : Math.min(15, n / 20))),
      null,
    );
  });
});
