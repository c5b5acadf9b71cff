import assert from 'node:assert/strict';
import { it } from 'node:test';
import { growing } from '../drawn-analysis.js';

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
