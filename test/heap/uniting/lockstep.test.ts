import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inLockstep } from '../../../src/heap/uniting/lockstep.js';
import { inClass, namesOf } from '../../support/holder.js';
import { analyzeDrawings, growing, type Success } from '../drawn-analysis.js';

const GLOBAL = `
  global: object global 40
  root -shortcut 1-> global
`;
const owners = ({ suspects }: Success) => suspects.map(namesOf);

describe('collections that grow in lockstep', () => {
  it('are one suspect where they are parts of one object, named by what holds the values', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        cache: object Cache 40
        keys: object Array 32
        values: object Array 32
        key*${n}: string "key #" 40
        value*${n}: object Profile 90
        global -property cache-> cache
        cache -property keys-> keys
        cache -property values-> values
        keys -element #-> key
        values -element #-> value
      `,
    );
    assert.deepEqual(owners(result), [['Cache.values', ['Cache.keys']]]);
    assert.equal(result.suspects[0]?.gainedBytes, 200 * 130);
    assert.equal(result.suspects[0]?.shareOfGrowth, 1);
    assert.equal(result.suspects[0]?.held?.share, 300 * 130);
  });

  it('stay two in one object when their pace is not the same', async () => {
    const counts = [
      [100, 100],
      [200, 150],
      [300, 340],
    ];
    const result = await analyzeDrawings(
      counts.map(
        ([users, jobs]) => `${GLOBAL}
          app: object App 40
          users: object Array 32
          jobs: object Array 32
          user*${users}: object User 90
          job*${jobs}: object Job 60
          global -property app-> app
          app -property users-> users
          app -property jobs-> jobs
          users -element #-> user
          jobs -element #-> job
        `,
      ),
    );
    assert.deepEqual(owners(result).toSorted(), [
      ['App.jobs', []],
      ['App.users', []],
    ]);
  });

  it('stay two in two objects, whatever their pace', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        sessions: object SessionStore 40
        audit: object AuditLog 40
        one: object Array 32
        other: object Array 32
        session*${n}: object Session 90
        line*${n}: object Line 60
        global -property sessions-> sessions
        global -property audit-> audit
        sessions -property all-> one
        audit -property lines-> other
        one -element #-> session
        other -element #-> line
      `,
    );
    assert.deepEqual(owners(result), [
      ['SessionStore.all', []],
      ['AuditLog.lines', []],
    ]);
  });

  it('are one suspect where each member of one leads to a member of its own of the other', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        registry: object Registry 40
        hub: object Hub 40
        rooms: object Array 32
        callbacks: object Array 32
        room*${n}: object Room 900
        callback*${n}: closure notify 56
        scope*${n}: object "system / Context" 40
        global -property registry-> registry
        global -property hub-> hub
        registry -property rooms-> rooms
        hub -property callbacks-> callbacks
        rooms -element #-> room
        callbacks -element #-> callback
        callback -internal context-> scope
        scope -context room-> room
      `,
    );
    assert.deepEqual(owners(result), [['Registry.rooms', ['Hub.callbacks']]]);
  });

  it('stay two where the members only hold the same numbers and texts', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        registry: object Registry 40
        hub: object Hub 40
        rooms: object Array 32
        jobs: object Array 32
        room*${n}: object Room 90
        job*${n}: object Job 56
        number*${n}: number "smi number" 0
        digits*${n}: string # 16
        global -property registry-> registry
        global -property hub-> hub
        registry -property rooms-> rooms
        hub -property jobs-> jobs
        rooms -element #-> room
        jobs -element #-> job
        room -property index-> number
        job -property index-> number
        number -internal value-> digits
        room -property name-> digits
        job -property name-> digits
      `,
    );
    assert.deepEqual(owners(result), [
      ['Registry.rooms', []],
      ['Hub.jobs', []],
    ]);
  });

  it('stay two where the members only lead to one object that they share', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        registry: object Registry 40
        hub: object Hub 40
        rooms: object Array 32
        jobs: object Array 32
        room*${n}: object Room 90
        job*${n}: object Job 56
        global -property registry-> registry
        global -property hub-> hub
        registry -property rooms-> rooms
        hub -property jobs-> jobs
        rooms -element #-> room
        jobs -element #-> job
        job -property registry-> registry
      `,
    );
    assert.deepEqual(owners(result), [
      ['Registry.rooms', []],
      ['Hub.jobs', []],
    ]);
  });
});

describe('the pace of two collections', () => {
  const rising = (...counts: number[]) => ({ counts, risingSteps: counts.length - 1 });

  it('is in lockstep with a constant ratio, and with what was in flight for a moment', () => {
    assert.ok(inLockstep(rising(10, 20, 30, 40), rising(100, 300, 500, 700)));
    assert.ok(inLockstep(rising(100, 200, 302, 400), rising(100, 201, 300, 400)));
  });

  it('is not when one gains while the other waits', () => {
    assert.ok(!inLockstep(rising(100, 200, 300, 400), rising(100, 110, 390, 400)));
    assert.ok(!inLockstep(rising(100, 200), { counts: [5, 5], risingSteps: 0 }));
  });
});

describe('what becomes larger, not more', () => {
  const text = (bytes: number, count = 1) => `${GLOBAL}
    recorder: object Recorder 40
    texts: object Object 40
    log*${count}: string "" ${bytes}
    global -property recorder-> recorder
    recorder -property log-> log
  `;

  it('is a suspect when it is a text that grows at every step', async () => {
    const result = await analyzeDrawings([100_000, 150_000, 200_000].map((bytes) => text(bytes)));
    const [suspect, ...others] = result.suspects;
    assert.deepEqual(others, []);
    assert.deepEqual(suspect?.holder, inClass('Recorder.log'));
    assert.equal(suspect?.mechanism, 'concatenated string');
    assert.equal(suspect?.risingSteps, 2);
    assert.equal(suspect?.gainedBytes, 100_000);
    assert.deepEqual(
      suspect?.steps.map(({ count }) => count),
      [1, 1, 1],
    );
  });

  it('is none when it shrank in between, or grew by little', async () => {
    for (const sizes of [
      [100_000, 90_000, 200_000],
      [100_000, 110_000, 120_000],
    ]) {
      const { suspects } = await analyzeDrawings(sizes.map((bytes) => text(bytes)));
      assert.deepEqual(suspects, []);
    }
  });

  it('is the buffer, not the memory behind it', async () => {
    const result = await analyzeDrawings(
      [100_000, 200_000, 300_000].map(
        (bytes) => `${GLOBAL}
          upload: object Upload 40
          data: object Buffer 96
          memory: object ArrayBuffer 64
          store: native "system / JSArrayBufferData" ${bytes}
          global -property upload-> upload
          upload -property data-> data
          data -internal buffer-> memory
          memory -internal backing_store-> store
        `,
      ),
    );
    assert.deepEqual(owners(result), [['Upload.data', []]]);
    assert.equal(result.suspects[0]?.mechanism, 'buffers');
  });
});

describe('what is open in Node', () => {
  const sockets = (n: number, kept: string) => `${GLOBAL}
    wrap*${n}: synthetic "Node / TCPSocketWrap" 200
    tcp*${n}: object TCP 40
    socket*${n}: object Socket 300
    root -element #-> wrap
    wrap -internal native_to_javascript-> tcp
    tcp -property <symbol owner_symbol>-> socket
    ${kept}
  `;

  it('is a suspect of its own, by the class that a person knows', async () => {
    const result = await growing((n) => sockets(n, ''));
    const [suspect] = result.suspects;
    assert.deepEqual(suspect?.holder, { kind: 'open', className: 'Node / TCPSocketWrap', callback: null });
    assert.equal(suspect?.className, 'Socket');
    assert.equal(suspect?.mechanism, 'sockets');
    assert.equal(suspect?.artefact, null);
  });

  it('is worker threads rather than what Node itself keeps for each of them', async () => {
    const threads = (n: number) => `
      global: object global 40
      root -shortcut 1-> global
      process: object process 40
      stdout: object WriteStream 40
      events: object Object 24
      finish: object Array 32
      end*${n}: closure end 4000
      native*${n}: synthetic "Node / Worker" 424
      side*${n}: object Worker 40
      global -property process-> process
      process -property stdout-> stdout
      stdout -property _events-> events
      events -property finish-> finish
      finish -element #-> end
      root -element #-> native
      native -internal native_to_javascript-> side
    `;
    const { suspects } = await analyzeDrawings([6, 10, 15].map(threads));
    assert.deepEqual(
      suspects.map(({ holder, mechanism }) => [holder, mechanism]),
      [[{ kind: 'open', className: 'Node / Worker', callback: null }, 'worker threads']],
    );
  });

  it('is named by who in the program holds it, too', async () => {
    const kept = `
      pool: object Pool 40
      idle: object Array 32
      global -property pool-> pool
      pool -property idle-> idle
      idle -element #-> socket
      socket -property _handle-> tcp
      tcp -internal javascript_to_native-> wrap
    `;
    const result = await growing((n) => sockets(n, kept));
    assert.deepEqual(owners(result), [['Pool.idle', ['open']]]);
    assert.equal(result.suspects[0]?.mechanism, 'sockets');
  });
});
