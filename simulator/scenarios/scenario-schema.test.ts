import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerSchema, type SchemaObject, unregisterSchema, validate } from '@hyperjump/json-schema/draft-07';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { POLICIES } from '../policies/index.ts';
import { BUILT_IN_SCENARIOS, loadParameters } from './load-scenario.ts';
import { scenarioSchema } from './scenario-schema.ts';

// UPDATE_GOLDEN=1 writes the schema anew.
const FILE = join(import.meta.dirname, 'scenario.schema.json');
const URI = 'https://tollgate.test/scenario.schema.json';
const schema = scenarioSchema({ parameters: loadParameters(), policies: POLICIES });

beforeAll(() => registerSchema(schema as SchemaObject, URI));
afterAll(() => unregisterSchema(URI));

async function isRight(scenario: Record<string, unknown>): Promise<boolean> {
  const check = await validate(URI);
  return check(scenario as Parameters<typeof check>[0]).valid;
}

function shipped(name: string): Record<string, unknown> {
  return parse(readFileSync(join(import.meta.dirname, `${name}.yaml`), 'utf8')) as Record<string, unknown>;
}

describe('the schema of scenarios', () => {
  it('beside them is the one that the readers make; after a change of parameters or policies: npm run golden', () => {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, text);
    expect(readFileSync(FILE, 'utf8')).toBe(text);
  });

  it.each(BUILT_IN_SCENARIOS)('takes %s', async (name) => {
    expect(await isRight(shipped(name))).toBe(true);
  });

  it.each<[string, object]>([
    ['no days', { days: 0 }],
    ['an unknown policy', { policies: ['tool'] }],
    ['an unknown parameter', { parameters: { brandCuont: 1 } }],
    ['a negative count', { parameters: { brandCount: -1 } }],
    ['a share above 1', { parameters: { readShare: 1.1 } }],
    ['an unknown key', { perhaps: true }],
    ['a start in words', { start: 'spring' }],
  ])('refuses %s', async (_, own) => {
    expect(await isRight({ ...shipped('seed-world'), ...own })).toBe(false);
  });
});
