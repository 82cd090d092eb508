import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextBytes } from './text-bytes.ts';

test('pieces come out as they were put in, whatever their kind and number', () => {
  const piece = fc.oneof(
    fc
      .string({ unit: fc.constantFrom('a', ' ', '"', '{', ',', '0', '\n'), maxLength: 60 })
      .map((text) => ({ text, kind: 'ascii' })),
    fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => ({ text, kind: 'text' })),
    fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => ({ text, kind: 'bytes' })),
    fc
      .oneof(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        fc.constantFrom('"', '\\', '\x7f'),
      )
      .map((text) => ({ text, kind: 'json' })),
    fc
      .oneof(fc.maxSafeNat(), fc.nat(1_000), fc.constantFrom(0, 9, 10, 2 ** 31 - 1, 2 ** 31))
      .map((value) => ({ text: String(value), kind: 'whole' })),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
      const bytes = new TextBytes();
      for (const { text, kind } of pieces) {
        if (kind === 'ascii') bytes.addAscii(text);
        else if (kind === 'text') bytes.addText(text);
        else if (kind === 'bytes') bytes.addBytes(Buffer.from(text));
        else if (kind === 'json') bytes.addJson(text);
        else bytes.addWhole(Number(text));
      }
      const written = pieces.map(({ text, kind }) => (kind === 'json' ? JSON.stringify(text) : text)).join('');
      expect(bytes.take().toString()).toBe(written);
      expect(bytes.sizeBytes).toBe(Buffer.byteLength(written));
    }),
  );
});

test('what was cleared is gone, and its room is used again', () => {
  const bytes = new TextBytes();
  bytes.addAscii('first');
  const before = bytes.take();
  bytes.clear();
  expect(bytes.sizeBytes).toBe(0);
  bytes.addAscii('other');
  expect(bytes.take().toString()).toBe('other');
  expect(bytes.take().buffer).toBe(before.buffer);
});
