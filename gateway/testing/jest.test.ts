import { expect as expectOfJest } from 'expect';
import { expect, test } from 'vitest';
import { magicFrom, magicTo, startTollgate } from './index.ts';
import { tollgateMatchers } from './jest.ts';

expectOfJest.extend(tollgateMatchers);

test('matchers and their types do under the expect of Jest', async () => {
  await using tollgate = await startTollgate({ clock: 'frozen' });
  const body = { from: magicFrom('registered'), to: magicTo('delivered'), text: 'Your table is ready.' };
  const headers = { 'content-type': 'application/json' };
  await fetch(`${tollgate.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) });
  await expectOfJest(tollgate).toHaveDelivered({ text: /table/ });
  await expectOfJest(tollgate).not.toHaveSent({ text: 'Another' });
  const message = tollgate.messages.find();
  expectOfJest(message).toHaveReachedHandset();
  expectOfJest(message).not.toHaveBeenCharged(1);
  expect(() => expectOfJest(message).toHaveBeenRefusedFor('x')).toThrow('was not refused but accepted');
  // @ts-expect-error -- a reason is a word
  expect(() => expectOfJest(message).toHaveBeenRefusedFor(5)).toThrow();
});
