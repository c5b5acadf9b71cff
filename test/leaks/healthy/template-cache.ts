/** Compiled templates by name; there are 400 names, so the cache grows ever more slowly. */
import express from 'express';
import Handlebars from 'handlebars';
import { serveUnderLoad } from '../load.js';

const NAMES = 400;
const compiled = new Map<string, Handlebars.TemplateDelegate>();

function template(name: string): Handlebars.TemplateDelegate {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = Handlebars.compile(`<h1>${name}</h1>{{#each items}}<li>{{name}} {{price}}</li>{{/each}}`);
  compiled.set(name, made);
  return made;
}

const app = express();
app.get('/pages/:name', (request, response) => {
  response.send(template(request.params.name)({ items: [{ name: 'tea', price: 3 }] }));
});
// Multiplying by a prime visits the names in a scrambled order, and squaring makes some rarer than others.
serveUnderLoad(app, {
  perSecond: 40,
  path: (index) => `/pages/page-${(index * index * 7919 + index) % NAMES}`,
});
