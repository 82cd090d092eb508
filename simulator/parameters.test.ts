import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parametersUnderTest } from './lab-under-test.ts';

it('every parameter of the file is read by somebody, so that a sweep over it means something', () => {
  const code = readdirSync('simulator', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join('simulator', path), 'utf8'))
    .join('\n');
  const unread = Object.keys(parametersUnderTest()).filter((id) => !code.includes(`'${id}'`));
  expect(unread).toEqual([]);
});
