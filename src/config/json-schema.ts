/** The configuration contract as JSON Schema, for editors and other tools. */
import { z } from 'zod';
import { configSchema } from './schema.js';

/** The schema of config/verona.schema.json, as text. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'Verona configuration', ...schema }, null, 2)}\n`;
}
