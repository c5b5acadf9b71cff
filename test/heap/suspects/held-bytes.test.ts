import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyzeDrawings, growing } from '../drawn-analysis.js';

it('splits what two leaks both keep between them, and says what each keeps alone', async () => {
  const { suspects } = await growing(
    (n) => `
      global: object global 40
      root -shortcut 1-> global
      orders: object Array 32
      order*${n}: object Order 100
      visits: object Array 32
      visit*${n}: object Visit 50
      common: object Template 8000
      settings: object Settings 9000
      global -property orders-> orders
      global -property visits-> visits
      global -property settings-> settings
      orders -element #-> order
      visits -element #-> visit
      order -property template-> common
      visit -property template-> common
      visit -property settings-> settings
    `,
  );
  assert.deepEqual(
    suspects.map(({ className, held }) => [className, held]),
    [
      ['Order', { share: 300 * 100 + 4000, exclusive: 300 * 100 }],
      ['Visit', { share: 300 * 50 + 4000, exclusive: 300 * 50 }],
    ],
  );
});

describe("V8's own memory", () => {
  /** Validators, each with code of its own; `more` code that somebody else keeps. */
  const validators = (n: number, more = 0, index = '') => `
    global: object global 40
    root -shortcut 1-> global
    list: object Array 32
    validate*${n}: closure validate 64
    shared*${n}: code validate# 56
    bytecode*${n}: code "system / BytecodeArray" 4000
    global -property validators-> list
    list -element #-> validate
    validate -internal shared-> shared
    shared -internal function_data-> bytecode
    warm: code "system / BytecodeArray" ${100_000 + more}
    root -internal warm-> warm
    ${index}
  `;

  it('belongs to those whose members alone keep it', async () => {
    const [suspect] = (await growing((n) => validators(n))).suspects;
    const each = 64 + 56 + 4000;
    assert.equal(suspect?.artefact, null);
    assert.deepEqual(
      suspect?.steps.map(({ bytes }) => bytes),
      [100, 200, 300].map((n) => n * each),
    );
    assert.equal(suspect?.gainedBytes, 200 * each);
    assert.equal(suspect?.shareOfGrowth, 1);
    assert.equal(suspect?.held?.internal, 300 * (each - 64));
  });

  it('is theirs where an index of the same members keeps it, too', async () => {
    const index = (n: number) =>
      validators(
        n,
        0,
        'index: object Array 32\nglobal -property byName-> index\nindex -element #-> validate',
      );
    const [suspect, ...others] = (await growing(index)).suspects.filter(({ artefact }) => artefact === null);
    assert.deepEqual(others, []);
    assert.equal(suspect?.gainedBytes, 200 * (64 + 56 + 4000));
  });

  it("is nobody else's while it warms up", async () => {
    const plain = (n: number) =>
      validators(
        10,
        n * 2000,
        `orders: object Array 32
      order*${n}: object Order 400
      global -property orders-> orders
      orders -element #-> order`,
      );
    const own = (await growing(plain)).suspects.filter(({ artefact }) => artefact === null);
    assert.deepEqual(
      own.map(({ className, gainedBytes }) => [className, gainedBytes]),
      [['Order', 200 * 400]],
    );
  });

  it('is no growth where members keep the code that one of them has had from the beginning', async () => {
    const jobs = (n: number) => `
      global: object global 40
      root -shortcut 1-> global
      jobs: object Array 32
      job*${n}: closure job 400
      shared: code job 300000
      global -property jobs-> jobs
      jobs -element #-> job
      job -internal shared-> shared
    `;
    const { suspects } = await analyzeDrawings([100, 200, 300].map(jobs));
    assert.equal(suspects[0]?.gainedBytes, 200 * 400);
  });
});
