import { expect, test } from 'vitest';
import { codeOfUuid, uuidNamed, uuidOfCode } from './named-ids.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/;

test('a name has one UUID, and another name another', () => {
  expect(uuidNamed('one')).toMatch(UUID);
  expect(uuidNamed('one')).toBe(uuidNamed('one'));
  expect(uuidNamed('one')).not.toBe(uuidNamed('two'));
});

test('a code is read back out of its UUID, and out of no other', () => {
  for (const code of ['B123ABC', 'CZZZZZZ', 'X', 'ABCDEF']) {
    const uuid = uuidOfCode(code);
    expect(uuid).toMatch(UUID);
    expect(codeOfUuid(uuid, code.length)).toBe(code);
    expect(
      codeOfUuid(
        uuid.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
        code.length,
      ),
    ).toBeUndefined();
  }
  for (const text of ['', 'B123ABC', 'nonsense', uuidNamed('one')]) expect(codeOfUuid(text, 7)).toBeUndefined();
});
