import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';

/** In the range of magic numbers, and none of them. */
const UNKNOWN = '+15005550012';
const ID = `AC${'0'.repeat(32)}`;
const BASIC = { authorization: `Basic ${Buffer.from(`${ID}:secret`).toString('base64')}` };
const BEARER = { authorization: 'Bearer secret' };

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ magicNumbers: true });
});
afterAll(() => gateway.close());

// Each says by its own code that the number is wrong, and why.
test.each([
  ['twilio', `/2010-04-01/Accounts/${ID}/Messages.json`, BASIC, ['From', 'To', 'Body'], 400, /"code":21211,/],
  ['telnyx', '/v2/messages', BEARER, ['from', 'to', 'text'], 400, /"code":"40310",/],
  ['plivo', `/v1/Account/${ID}/Message/`, BASIC, ['src', 'dst', 'text'], 400, /"error":"dst: /],
  ['bandwidth', `/users/${ID}/messages`, BASIC, ['from', 'to', 'text'], 400, /"fieldName":"to",/],
  ['sinch', `/xms/v1/${ID}/batches`, BEARER, ['from', 'to', 'body'], 400, /"code":"syntax_invalid_parameter_format",/],
  ['vonage', '/sms/json', BASIC, ['from', 'to', 'text'], 200, /"status":"3",/],
  ['vonage', '/v1/messages', BASIC, ['from', 'to', 'text'], 422, /"name":"to",/],
] as const)('%s%s says of a magic number that is none that there is no such', async (...row) => {
  const [face, path, authorization, [from, to, text], status, code] = row;
  const fields = { [from]: '+15005556000', [to]: face === 'sinch' ? [UNKNOWN] : UNKNOWN, [text]: 'Hi' };
  const others = { applicationId: 'app', channel: 'sms', message_type: 'text' };
  const isForm = face === 'twilio';
  const answer = await fetch(`${gateway.url}/${face}${path}`, {
    method: 'POST',
    headers: { ...authorization, ...(!isForm && { 'content-type': 'application/json' }) },
    body: isForm ? new URLSearchParams(fields as Record<string, string>) : JSON.stringify({ ...others, ...fields }),
  });
  const said = await answer.text();
  expect(answer.status).toBe(status);
  expect(said).toMatch(code);
  expect(said).toMatch(/is in the range of magic numbers, .* GET \/v1\/magic-numbers lists/);
});
