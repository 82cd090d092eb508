import { once } from 'node:events';
import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type GatewayUnderTest,
  openGatewayUnderTest,
  type ProblemBody,
} from '../../gateway-under-test.ts';
import { MESSAGE_BODY_BYTES } from '../../limits.ts';

// Every way to get a request wrong that we could think of. None may be answered by 5xx, and each answer names what is
// wrong and what to do about it.

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

/** Checks that the answer is a problem, and returns it as `field: message` lines, or its detail where no field is named. */
function complaints(answer: Answer<ProblemBody>, status: number, kind: string): string[] {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
  expect(answer.body).toMatchObject({ status, type: `urn:tollgate:problem:${kind}` });
  expect(answer.body.title).not.toMatch(/Error/);
  expect(answer.status).toBe(status);
  return answer.body.errors?.map(({ field, message }) => `${field}: ${message}`) ?? [answer.body.detail];
}

const FROM = '+12125550100';
const good = (): Record<string, unknown> => ({ from: FROM, to: gateway.number('att'), text: 'Hello' });
const post = (body: unknown, headers?: Record<string, string>): Promise<Answer<ProblemBody>> =>
  gateway.ask('POST', '/v1/messages', body, headers);

describe('a body that is no message', () => {
  test.each([
    ['half a document', '{"from":', 'malformed-json', 'not valid JSON; check quotes, commas and brackets'],
    ['two documents', '{}{}', 'malformed-json', 'not valid JSON'],
    ['a key that would reach the prototype', '{"__proto__":{"from":1}}', 'malformed-json', 'not valid JSON'],
    ['nothing', '', 'malformed-json', 'the body is empty; send a JSON object'],
    ['null', 'null', 'invalid-request', 'must be a JSON object'],
    ['a list', '[]', 'invalid-request', 'must be a JSON object'],
    ['a text', '"hello"', 'invalid-request', 'must be a JSON object'],
  ])('%s is refused', async (_name, body, kind, expected) => {
    expect(complaints(await post(body), 400, kind).join()).toContain(expected);
  });

  test('no body at all is refused', async () => {
    expect(complaints(await post(undefined), 400, 'invalid-request')).toEqual(['must be a JSON object']);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    'one of type %s is refused, with the type to send',
    async (type) => {
      const [message] = complaints(await post('from=1', { 'content-type': type }), 415, 'unsupported-media-type');
      expect(message).toContain('send application/json');
    },
  );

  test('one over the limit is refused before it is read', async () => {
    const answer = await post('x'.repeat(MESSAGE_BODY_BYTES + 1));
    expect(complaints(answer, 413, 'body-too-large')).toEqual([
      'the body is over the limit of this route; send fewer or smaller messages',
    ]);
  });
});

describe('fields', () => {
  test.each([
    ['from missing', { from: undefined }, 'from: is missing; add it'],
    ['to missing', { to: undefined }, 'to: is missing; add it'],
    ['from a number', { from: 12_125_550_100 }, 'from: must be string'],
    ['to null', { to: null }, 'to: must be string'],
    ['text a list', { text: ['a'] }, 'text: must be string'],
    ['an unknown field', { txt: 'a' }, 'txt: is not a field of this request; check its spelling or remove it'],
    ['an unknown truth', { truth: 'ham' }, 'truth: must be one of legit, spam, smishing'],
    ['a truth nobody can claim', { truth: 'unlabelled' }, 'truth: must be one of legit, spam, smishing'],
    ['an unknown route', { route: 'A2P' }, 'route: must be one of a2p, p2p'],
    ['media that is no list', { media: 'http://a.example' }, 'media: must be array'],
    ['no media', { media: [] }, 'media: must not have fewer than 1 items'],
    ['eleven media', { media: Array(11).fill('http://a.example') }, 'media: must not have more than 10 items'],
    ['media that is no text', { media: [7] }, 'media.0: must be string'],
    ['an account with a space', { account: 'a b' }, 'account: must match pattern "^[\\x21-\\x7e]{1,64}$"'],
    ['an account of 65', { account: 'a'.repeat(65) }, 'account: must match pattern "^[\\x21-\\x7e]{1,64}$"'],
    ['a reference of 129', { reference: 'a'.repeat(129) }, 'reference: must match pattern "^[\\x20-\\x7e]{1,128}$"'],
    ['a reference with a line break', { reference: 'a\nb' }, 'reference: must match pattern "^[\\x20-\\x7e]{1,128}$"'],
  ])('%s', async (_name, own, complaint) => {
    expect(complaints(await post({ ...good(), ...own }), 400, 'invalid-request')).toEqual([complaint]);
  });

  test('several mistakes are told at once', async () => {
    expect(complaints(await post({ to: 5, txt: 'a', truth: 'ham' }), 400, 'invalid-request').sort()).toEqual([
      'from: is missing; add it',
      'to: must be string',
      'truth: must be one of legit, spam, smishing',
      'txt: is not a field of this request; check its spelling or remove it',
    ]);
  });

  test.each([
    ['without a +', '12125550123', 'has no + in front'],
    ['of another country', '+442079460000', 'is not in country code 1'],
    ['too short', '+1212555012', 'does not have ten digits after +1'],
    ['too long', '+121255501234', 'does not have ten digits after +1'],
    ['with letters', '+1212555ABCD', 'holds something other than digits'],
    ['with dashes', '+1-212-555-0123', 'holds something other than digits'],
    ['with digits of another script', '+1٢١٢٥٥٥٠١٢٣', 'holds something other than digits'],
    ['with a service code for area code', '+19115550123', 'has an area code no number can have'],
    ['with a service code for exchange', '+12129110123', 'has an exchange no number can have'],
    ['in an area code not in service', '+12995550123', 'has an area code'],
    ['that is empty', '', 'has no + in front'],
    ['that is very long', `+1${'2'.repeat(100_000)}`, 'does not have ten digits after +1'],
  ])('a number %s', async (_name, number, expected) => {
    const asSender = complaints(await post({ ...good(), from: number }), 422, 'invalid-message');
    const asDestination = complaints(await post({ ...good(), to: number }), 422, 'invalid-message');
    expect(asSender).toEqual([expect.stringContaining(`from: ${expected}`)]);
    expect(asDestination).toEqual([expect.stringContaining(`to: ${expected}`)]);
    if (number === '') return;
    const asked = await gateway.ask('GET', `/v1/lookup/${encodeURIComponent(number.slice(0, 40))}`);
    expect(complaints(asked, 422, 'invalid-number')).toEqual([expect.stringContaining(`number: ${expected}`)]);
  });

  test('a toll-free destination; as a sender it is welcome', async () => {
    const refused = complaints(await post({ ...good(), to: '+18005550123' }), 422, 'invalid-message');
    expect(refused).toEqual([expect.stringContaining('to: is toll-free')]);
    const sent = await post({ ...good(), from: '+18005550123' });
    expect(sent.body).toMatchObject({ decision: 'toll_free_blocked', limit: { key: '+18005550123' } });
  });

  test('a message to its own sender', async () => {
    expect(complaints(await post({ ...good(), to: FROM }), 422, 'invalid-message')).toEqual([
      'to: is the sender itself; give another number',
    ]);
  });

  test.each([
    ['none', undefined, 'text: is empty; write something or add media'],
    ['empty', '', 'text: is empty; write something or add media'],
    ['1,601 characters', 'a'.repeat(1_601), 'text: has 1601 characters; 1600 is the most'],
    ['100 kB', 'a'.repeat(100_000), 'text: has 100000 characters; 1600 is the most'],
    ['with a NUL', 'a\0b', 'text: holds a NUL character; remove it'],
    [
      'ending in half a character',
      'a\ud83d',
      'text: holds half a surrogate pair, which is no character; send whole characters',
    ],
    [
      'beginning with half a character',
      '\ude00a',
      'text: holds half a surrogate pair, which is no character; send whole characters',
    ],
  ])('text: %s', async (_name, text, complaint) => {
    expect(complaints(await post({ ...good(), text }), 422, 'invalid-message')).toEqual([complaint]);
  });

  test('a text of 1,600 characters is taken', async () => {
    expect((await gateway.send({ text: 'a'.repeat(1_600) })).body).toMatchObject({ status: 'accepted', segments: 11 });
  });

  test.each(['', 'cat.png', 'ftp://a.example/x', 'javascript:alert(1)', `http://a.example/${'x'.repeat(2_048)}`])(
    'media that no web address names: %.30s',
    async (url) => {
      const media = ['https://example.com/good.png', url];
      expect(complaints(await post({ ...good(), media }), 422, 'invalid-message')).toEqual([
        'media.1: is not an http or https address',
      ]);
    },
  );

  test.each([
    ['is no address', 'nowhere', 'is not an address'],
    ['is not http', 'ftp://localhost/receipts', 'must begin with http:// or https://'],
    ['is a file', 'file:///etc/passwd', 'must begin with http:// or https://'],
    ['carries a user name', 'http://anna@localhost/', 'must not carry credentials'],
    ['carries a password alone', 'http://:secret@localhost/', 'must not carry credentials'],
    ['names another host', 'https://example.com/', 'the operator can allow it with --callback-host example.com'],
    ['names the metadata service', 'http://169.254.169.254/latest/meta-data', 'names the host 169.254.169.254'],
    ['names it as one number', 'http://2852039166/', 'names the host 169.254.169.254'],
    ['names it in hexadecimal', 'http://0xA9.0xFE.0xA9.0xFE/', 'names the host 169.254.169.254'],
    ['names it in octal', 'http://0251.0376.0251.0376/', 'names the host 169.254.169.254'],
    ['names it through IPv6', 'http://[::ffff:169.254.169.254]/', 'names the host [::ffff:a9fe:a9fe]'],
    ['is any address of this machine', 'http://0.0.0.0/', 'names the host 0.0.0.0'],
    ['looks like localhost but for a dot', 'http://localhost./', 'names the host localhost.'],
    ['begins like localhost', 'http://localhost.example.com/', 'names the host localhost.example.com'],
    ['is too long', `http://localhost/${'x'.repeat(2_048)}`, 'has 2065 characters; 2048 is the most'],
  ])('a callback address that %s', async (_name, callbackUrl, expected) => {
    const [complaint] = complaints(await post({ ...good(), callbackUrl }), 422, 'invalid-message');
    expect(complaint).toMatch(/^callbackUrl: /);
    expect(complaint).toContain(expected);
  });

  test.each([
    'http://localhost:9/x',
    'http://127.0.0.1:9/',
    'http://[::1]:9/',
    'http://LOCALHOST:9',
    'http://2130706433:9/',
  ])('a callback address on loopback is taken: %s', async (callbackUrl) => {
    expect((await gateway.send({ to: gateway.number('landline'), callbackUrl })).body.status).toBe('rejected');
  });
});

describe('ids and queries', () => {
  test.each([
    ['that was never given', () => `${gateway.store.idOf(gateway.store.nextSequence)}`],
    ['of another run', () => 'MABCDEF-0'],
    ['that is nonsense', () => 'nonsense'],
    ['in lower case', () => gateway.store.idOf(0).toLowerCase()],
    ['with a leading zero', () => gateway.store.idOf(0).replace('-', '-0')],
    ['with an escaped slash', () => '..%2f..%2fetc'],
  ])('an id %s names no message', async (_name, id) => {
    const answer = await gateway.ask('GET', `/v1/messages/${id()}`);
    expect(complaints(answer, 404, 'no-such-message')).toEqual([
      'id: names no message of this run; GET /v1/messages lists those there are',
    ]);
  });

  test.each([
    ['limit=0', 'limit: must be 1 to 1000'],
    ['limit=1001', 'limit: must be 1 to 1000'],
    ['limit=-1', 'limit: must match pattern "^[0-9]{1,4}$"'],
    ['limit=', 'limit: must match pattern "^[0-9]{1,4}$"'],
    ['since=abc', 'since: must match pattern "^[0-9]{1,15}$"'],
    ['since=-1', 'since: must match pattern "^[0-9]{1,15}$"'],
    [
      'since=123456789',
      'since: lies beyond the latest message, so it is no `next` of this run; leave it out to start anew',
    ],
    ['from=12125550123', 'from: has no + in front; write it in E.164 form, as in +12125550123'],
    ['to=+1212', 'to: does not have ten digits after +1; write area code, exchange and line, as in +12125550123'],
    ['truth=ham', 'truth: must be one of unlabelled, legit, spam, smishing'],
    ['limits=5', 'limits: is not a field of this request; check its spelling or remove it'],
    ['limit=5&limit=6', 'limit: must be string'],
  ])('the inbox asked with %s', async (query, complaint) => {
    expect(complaints(await gateway.ask('GET', `/v1/messages?${query}`), 400, 'invalid-request')).toEqual([complaint]);
  });

  test('the inbox asked for an unknown decision says which there are', async () => {
    const answer = await gateway.ask('GET', '/v1/messages?decision=refused');
    expect(complaints(answer, 400, 'invalid-request')).toEqual([
      expect.stringContaining('decision: must be one of accepted, unregistered_blocked'),
    ]);
  });
});

describe('registering a number', () => {
  const put = (body: unknown): Promise<Answer<ProblemBody>> => gateway.ask('PUT', `/v1/numbers/${FROM}`, body);

  test.each([
    ['no campaign', {}, 'campaign: is missing; add it'],
    ['a negative delay', { campaign: 'CTOPA01', provisioningDelayMs: -1 }, 'provisioningDelayMs: must be >= 0'],
    ['half a millisecond', { campaign: 'CTOPA01', provisioningDelayMs: 0.5 }, 'provisioningDelayMs: must be integer'],
    [
      'a delay of two years',
      { campaign: 'CTOPA01', provisioningDelayMs: 63_072_000_000 },
      'provisioningDelayMs: must be <= 31536000000',
    ],
    [
      'an unknown field',
      { campaign: 'CTOPA01', brand: 'BTOP001' },
      'brand: is not a field of this request; check its spelling or remove it',
    ],
  ])('with %s', async (_name, body, complaint) => {
    expect(complaints(await put(body), 400, 'invalid-request')).toEqual([complaint]);
  });

  test('to an unknown campaign says where the known ones are', async () => {
    expect(complaints(await put({ campaign: 'CNOSUCH' }), 422, 'no-such-campaign')).toEqual([
      'campaign: there is no campaign CNOSUCH; GET /v1/campaigns lists those there are',
    ]);
  });

  test('that is none', async () => {
    const answer = await gateway.ask('PUT', '/v1/numbers/+1911', { campaign: 'CTOPA01' });
    expect(complaints(answer, 422, 'invalid-number')).toEqual([expect.stringContaining('number: does not have ten')]);
    expect(complaints(await gateway.ask('DELETE', '/v1/numbers/0'), 422, 'invalid-number')).toEqual([
      expect.stringContaining('number: has no + in front'),
    ]);
  });

  test('changes nothing when it is refused', () => {
    expect(gateway.core.registry.count).toBe(0);
  });
});

describe('switching a regime', () => {
  test.each([
    ['an unknown one', { regime: 'toll' }, 400, 'regime: must be one of charge-more, filter, block, dated'],
    ['none', {}, 400, 'regime: is missing; add it'],
    [
      'an unknown carrier',
      { regime: 'block', carrier: 'sprint' },
      400,
      'carrier: must be one of att, verizon, tmobile, uscellular, other',
    ],
    ['a share above one', { regime: 'filter', share: 1.5 }, 400, 'share: must be <= 1'],
    ['a share below nothing', { regime: 'filter', share: -0.1 }, 400, 'share: must be >= 0'],
    [
      'a share for a block',
      { regime: 'block', share: 0.5 },
      422,
      'share: belongs to the regime `filter` only; leave it out',
    ],
    [
      'a share for the dated regime',
      { regime: 'dated', share: 0.5 },
      422,
      'share: belongs to the regime `filter` only; leave it out',
    ],
  ])('to %s', async (_name, body, status, complaint) => {
    const kind = status === 400 ? 'invalid-request' : 'invalid-regime';
    expect(complaints(await gateway.ask('PUT', '/v1/regime', body), status, kind)).toEqual([complaint]);
  });
});

describe('asking for a price', () => {
  const TO = '+12012019000';
  test.each([
    ['nothing', {}, 'to: is missing; give a destination, or a carrier'],
    ['destination and carrier', { to: TO, carrier: 'att' }, 'carrier: is already given by `to`; leave one of them out'],
    [
      'sender and class',
      { to: TO, from: FROM, registered: true },
      'registered: is already given by `from`; leave one of them out',
    ],
    [
      'text and segments',
      { to: TO, text: 'a', segments: 2 },
      'segments: are already given by `text`; leave one of them out',
    ],
    [
      'a wrong destination',
      { to: '+1911' },
      'to: does not have ten digits after +1; write area code, exchange and line, as in +12125550123',
    ],
    ['a wrong sender', { to: TO, from: '0' }, 'from: has no + in front; write it in E.164 form, as in +12125550123'],
    [
      'half a character',
      { carrier: 'att', text: '\ud83d' },
      'text: holds half a surrogate pair; send whole characters',
    ],
    ['no date', { carrier: 'att', date: 'yesterday' }, 'date: is not a date; write a real day as YYYY-MM-DD'],
    [
      'a day that never was',
      { carrier: 'att', date: '2024-02-30' },
      'date: is not a date; write a real day as YYYY-MM-DD',
    ],
    [
      'several dates, one of them wrong',
      { carrier: 'att', dates: ['2024-03-01', '2024-03'] },
      'dates.1: is not a date; write a real day as YYYY-MM-DD',
    ],
    [
      'date and dates',
      { carrier: 'att', date: '2024-03-01', dates: ['2024-03-01'] },
      'date: is also in `dates`; leave one of them out',
    ],
    [
      'book and books',
      { carrier: 'att', book: 'us-10dlc', books: ['us-10dlc'] },
      'book: is also in `books`; leave one of them out',
    ],
    [
      'no such book',
      { carrier: 'att', book: 'eu' },
      'book: "eu" is not loaded; there are us-10dlc, what-if-flat, what-if-double-surcharge',
    ],
    [
      'no such book among several',
      { carrier: 'att', books: ['us-10dlc', 'eu'] },
      'books.1: "eu" is not loaded; there are us-10dlc, what-if-flat, what-if-double-surcharge',
    ],
    [
      'a carrier that is in no book',
      { carrier: 'atnt' },
      expect.stringMatching(/^carrier: is not in the book us-10dlc; it has 1stpoint, att, /),
    ],
    [
      'a toll-free number as something else',
      { carrier: 'att', from: '+18005550100', sender: '10dlc' },
      'sender: is toll-free by `from`; leave one of them out',
    ],
  ])('with %s', async (_name, body, complaint) => {
    expect(complaints(await gateway.ask('POST', '/v1/rate', body), 422, 'invalid-rate')).toEqual([complaint]);
  });

  test('of a landline, or of a number nobody holds', async () => {
    for (const to of [gateway.number('landline'), gateway.number('nobody')]) {
      expect(complaints(await gateway.ask('POST', '/v1/rate', { to }), 422, 'invalid-rate')).toEqual([
        'to: is a landline or assigned to nobody',
      ]);
    }
  });

  test('before the book begins', async () => {
    const answer = await gateway.ask('POST', '/v1/rate', { carrier: 'att', date: '1999-12-31' });
    expect(complaints(answer, 422, 'no-tariff')).toEqual([
      'date: the book us-10dlc has no price for this carrier, sender and message at 1999-12-31',
    ]);
  });

  test('by more books than one question may name', async () => {
    const books = Array.from({ length: 17 }, () => 'us-10dlc');
    const answer = await gateway.ask('POST', '/v1/rate', { carrier: 'att', books });
    expect(complaints(answer, 400, 'invalid-request')).toEqual([expect.stringMatching(/^books: /)]);
  });

  test('and switching to a book that is not loaded', async () => {
    const message = '"eu" is not loaded; there are us-10dlc, what-if-flat, what-if-double-surcharge';
    const wanted = { book: 'eu' };
    expect(complaints(await gateway.ask('PUT', '/v1/tariffs', wanted), 422, 'no-such-book')).toEqual([
      `book: ${message}`,
    ]);
    expect(complaints(await gateway.ask('GET', '/v1/tariffs?book=eu'), 422, 'no-such-book')).toEqual([
      `book: ${message}`,
    ]);
  });

  test('of a carrier the book does not know', async () => {
    expect(complaints(await gateway.ask('GET', '/v1/tariffs?carrier=sprint'), 422, 'no-such-carrier')).toEqual([
      expect.stringMatching(/^carrier: is not in the book; it has .*\batt, /),
    ]);
  });
});

describe('addresses', () => {
  test.each([
    ['GET', '/nowhere'],
    ['GET', '/v1'],
    ['GET', '/v1/messages/a/b'],
    ['DELETE', '/v1/messages'],
    ['PATCH', '/v1/regime'],
    ['PUT', '/v1/messages/batch'],
  ])('%s %s is no route, and the answer says where the routes are', async (method, path) => {
    expect(complaints(await gateway.ask(method, `${path}?secret=1`), 404, 'not-found')).toEqual([
      `there is no ${method} ${path}; the routes are listed at /docs`,
    ]);
  });

  test('a path with a broken escape', async () => {
    expect(complaints(await gateway.ask('GET', '/v1/lookup/%zz'), 400, 'bad-address')).toEqual([
      'the path holds a % that begins no escape; write %25 for a percent sign',
    ]);
  });

  test('a number longer than any', async () => {
    const answer = await gateway.ask('GET', `/v1/lookup/${'1'.repeat(1_000)}`);
    expect(complaints(answer, 414, 'address-too-long')).toEqual(['a part of the path is longer than any number or id']);
  });
});

describe('a connection that speaks no HTTP', () => {
  test.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    [
      'a body longer than it says',
      'POST /v1/messages HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}GARBAGE\r\n\r\n',
    ],
    ['a header without end', `GET / HTTP/1.1\r\nHost: t\r\nX-Long: ${'x'.repeat(100_000)}`],
  ])('%s is answered and hung up on, and others are served as before', async (_name, bytes) => {
    const { port } = new URL(gateway.url);
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    await once(socket, 'connect');
    const answer = readAll(socket);
    socket.on('error', () => undefined);
    socket.end(bytes);
    expect(await answer.catch(() => 'HTTP/1.1 4')).toMatch(/HTTP\/1\.1 4/);
    expect((await gateway.ask('GET', '/healthz')).status).toBe(200);
  });
});

test('none of all that became a message but the few that were good', () => {
  const { accepted, refused } = gateway.summary();
  expect({ accepted, refused }).toEqual({ accepted: 1, refused: 6 });
});
