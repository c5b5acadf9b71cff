import { z } from 'zod';
import { COMPONENTS } from './answers.js';

export type Json = { readonly [name: string]: unknown };

const NAMED_SCHEMAS = '#/components/schemas/';

/** What a client sends, before defaults and conversions. */
export function inputSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', override: simplify });
  return rest;
}

/** The schemas of all answers, under names that the document refers to. */
export class NamedSchemas {
  readonly #registry = z.registry<{ readonly id: string }>();

  constructor() {
    for (const [id, schema] of Object.entries(COMPONENTS)) this.#registry.add(schema, { id });
  }

  refer(schema: z.ZodType, id: string): Json {
    if (!this.#registry.has(schema)) this.#registry.add(schema, { id });
    return { $ref: `${NAMED_SCHEMAS}${this.#registry.get(schema)!.id}` };
  }

  rendered(): Json {
    const { schemas } = z.toJSONSchema(this.#registry, {
      uri: (id) => `${NAMED_SCHEMAS}${id}`,
      override: simplify,
    });
    return Object.fromEntries(
      Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
    );
  }
}

/** Leaves out what repeats itself: the pattern of a format or of a number, and that an answer cannot be written. */
function simplify({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === 'date-time' || jsonSchema.type === 'integer') delete jsonSchema.pattern;
  delete jsonSchema.readOnly;
}
