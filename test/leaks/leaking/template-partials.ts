/** Every letter registers its own partial with Handlebars, under a name of its own. */
import Handlebars from 'handlebars';
import { prose, repeat } from '../load.js';

const letter = Handlebars.compile('Dear {{name}}, {{> (lookup . "body")}}');

repeat(8, (index) => {
  const body = `letter-${index}`;
  Handlebars.registerPartial(body, `${prose(4000, index)} yours, {{sender}}`);
  return letter({ name: 'Ada', sender: 'Tea House', body });
});
