import { describe, expect, test } from 'vitest';
import { INBOX_MESSAGES_DEFAULT, INBOX_MESSAGES_MAX } from './limits.ts';
import { QUEUEABLE } from './messages/index.ts';
import { Binding } from './router/index.ts';
import { OPTIONS, type OptionSources, readOptions, type ServeOptions } from './options.ts';

/** What may be written where; nothing by default. */
interface Written {
  file?: string;
  environment?: OptionSources['environment'];
  flags?: OptionSources['flags'];
}

function read({ file, environment = {}, flags = {} }: Written) {
  return readOptions({
    ...(file !== undefined && { file: { path: 'tollgate.yaml', text: file } }),
    environment,
    flags,
  });
}

function optionsOf(written: Written): ServeOptions {
  const found = read(written);
  if (!found.ok) throw new Error(found.errors.join('\n'));
  return found.options;
}

function errorsOf(written: Written): readonly string[] {
  const found = read(written);
  return found.ok ? [] : found.errors;
}

test('who sets nothing gets a gateway on loopback, in the period with the toll, without demo traffic', () => {
  expect(optionsOf({})).toEqual({
    host: '127.0.0.1',
    port: 8_080,
    seed: 1,
    demo: false,
    rate: 50,
    tariffDate: Date.UTC(2024, 2, 1),
    inbox: INBOX_MESSAGES_DEFAULT,
    provisioningDelayMs: 0,
    reviewTimeScale: 0.0001,
    registryHistory: false,
    registryStaleMs: 5_000,
    registryWhenStale: 'serve-stale',
    cdrRotateBytes: 268_435_456,
    cdrRotateMs: 3_600_000,
    traceShare: 1,
    overLimit: new Set(),
    queueMessages: 100_000,
    queueMaxWaitMs: 36_000_000,
    limitsWhenAway: 0,
    magicNumbers: false,
    delivery: 'own',
    workerMessages: 131_072,
    idempotencyWindowMs: 86_400_000,
    books: [],
    callbackHosts: [],
    smppReceipts: [],
    clock: 'real',
    logLevel: 'warn',
  });
});

describe('the same option written in several places', () => {
  const file = 'port: 1001\nseed: 11\nrate: 1.5';
  const environment = { TOLLGATE_PORT: '1002', TOLLGATE_SEED: '12' };
  const flags = { port: '1003' };

  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    expect(optionsOf({ file, environment, flags })).toMatchObject({ port: 1_003, seed: 12, rate: 1.5, inbox: 262_144 });
    expect(optionsOf({ file, environment })).toMatchObject({ port: 1_002, seed: 12 });
    expect(optionsOf({ file })).toMatchObject({ port: 1_001, seed: 11 });
  });

  test('an empty variable counts as not set', () => {
    expect(optionsOf({ file, environment: { TOLLGATE_PORT: '' } }).port).toBe(1_001);
  });

  test('but that of Redis is a mistake: what was to be kept there would be lost with the process', () => {
    expect(errorsOf({ environment: { REDIS_URL: '' } })).toEqual([
      'REDIS_URL: "…" is empty; leave it out or give a value',
    ]);
  });

  test('a wrong value is told even where a stronger one hides it', () => {
    expect(errorsOf({ environment: { TOLLGATE_PORT: 'x' }, flags })).toEqual([
      'TOLLGATE_PORT: "x" must be a whole number from 0 to 65535',
    ]);
  });
});

/** Values as written and as read, for every option: a good one and some that must be refused. */
const VALUES: Readonly<
  Record<keyof ServeOptions, { good: string; means: unknown; bad: readonly string[]; wrong: string }>
> = {
  host: { good: 'localhost', means: 'localhost', bad: ['', ' '], wrong: 'is empty; leave it out or give a value' },
  port: {
    good: '0',
    means: 0,
    bad: ['-1', '65536', '80a', '8e3', '0x50', '1.5', ''],
    wrong: 'must be a whole number from 0 to 65535',
  },
  seed: {
    good: '9007199254740991',
    means: 9_007_199_254_740_991,
    bad: ['-1', '9007199254740992', '1e3', 'one'],
    wrong: 'must be a whole number from 0 to 9007199254740991',
  },
  demo: { good: 'true', means: true, bad: ['yes', 'TRUE', ''], wrong: 'must be true or false' },
  rate: {
    good: '0.5',
    means: 0.5,
    bad: ['0', '-1', '100001', '1e3', 'Infinity', ''],
    wrong: 'must be a number above 0, at most 100000',
  },
  tariffDate: {
    good: 'today',
    means: undefined,
    bad: ['2024-02-30', '2024-3-1', '01.03.2024', 'tomorrow', ''],
    wrong: 'must be a real day as YYYY-MM-DD, or today',
  },
  book: { good: 'a.yaml', means: 'a.yaml', bad: [''], wrong: 'is empty; leave it out or give a value' },
  books: {
    good: 'a.yaml, what-if-flat',
    means: ['a.yaml', 'what-if-flat'],
    bad: ['', 'a.yaml,', ','],
    wrong: 'must be files separated by commas',
  },
  regimes: { good: 'a.yaml', means: 'a.yaml', bad: [''], wrong: 'is empty; leave it out or give a value' },
  campaigns: { good: 'a.yaml', means: 'a.yaml', bad: [''], wrong: 'is empty; leave it out or give a value' },
  accounts: { good: 'a.yaml', means: 'a.yaml', bad: [''], wrong: 'is empty; leave it out or give a value' },
  inbox: {
    good: '1',
    means: 1,
    bad: ['0', String(INBOX_MESSAGES_MAX + 1), '1k'],
    wrong: `must be a whole number from 1 to ${INBOX_MESSAGES_MAX}`,
  },
  provisioningDelayMs: {
    good: '60000',
    means: 60_000,
    bad: ['-1', '31536000001', '1m'],
    wrong: 'must be a whole number from 0 to 31536000000',
  },
  reviewTimeScale: {
    good: '0.5',
    means: 0.5,
    bad: ['-1', '101', 'fast', ''],
    wrong: 'must be a number from 0 to 100',
  },
  redisUrl: { good: 'redis://a', means: 'redis://a', bad: [' '], wrong: 'is empty; leave it out or give a value' },
  parties: { good: 'a.yaml', means: 'a.yaml', bad: [''], wrong: 'is empty; leave it out or give a value' },
  registryFile: { good: 'a.snapshot', means: 'a.snapshot', bad: [''], wrong: 'is empty; leave it out or give a value' },
  registryHistory: { good: 'true', means: true, bad: ['yes', ''], wrong: 'must be true or false' },
  registryStaleMs: {
    good: '100',
    means: 100,
    bad: ['99', '86400001', '1s'],
    wrong: 'must be a whole number from 100 to 86400000',
  },
  registryWhenStale: {
    good: 'refuse',
    means: 'refuse',
    bad: ['drop', ''],
    wrong: 'must be one of serve-stale, refuse',
  },
  auditFile: {
    good: 'audit.ndjson',
    means: 'audit.ndjson',
    bad: [''],
    wrong: 'is empty; leave it out or give a value',
  },
  tracesUrl: {
    good: 'https://collector.example.com/otlp',
    means: 'https://collector.example.com/otlp',
    bad: ['', '127.0.0.1:4318', 'grpc://a:4317', 'http://', 'http://a/?key=b', 'http://a/#b'],
    wrong: 'must be an address such as http://127.0.0.1:4318, with http or https and no query',
  },
  traceShare: {
    good: '0.01',
    means: 0.01,
    bad: ['', '1.01', '-0.1', '1%', '1e-3'],
    wrong: 'must be a number from 0 to 1',
  },
  cdrDirectory: { good: 'cdrs', means: 'cdrs', bad: [''], wrong: 'is empty; leave it out or give a value' },
  cdrRotateBytes: {
    good: '1048576',
    means: 1_048_576,
    bad: ['1048575', '1 MB', ''],
    wrong: 'must be a whole number from 1048576 to 9007199254740991',
  },
  cdrRotateMs: {
    good: '60000',
    means: 60_000,
    bad: ['999', '31536000001', '1h'],
    wrong: 'must be a whole number from 1000 to 31536000000',
  },
  overLimit: {
    good: 'att_campaign_tpm=queue, tmobile_brand_day=reject',
    means: new Set([Binding.AttCampaignTpm]),
    bad: [
      '',
      'wait',
      'queue,reject',
      'att_campaign_tpm',
      'att_campaign_tpm=wait',
      'account_balance=queue',
      'tpm=queue,',
    ],
    wrong:
      'must be reject, queue, or limit=queue and limit=reject separated by commas, for the limits att_campaign_tpm,',
  },
  queueMessages: {
    good: '1',
    means: 1,
    bad: ['0', '8388609', 'all'],
    wrong: 'must be a whole number from 1 to 8388608',
  },
  queueMaxWaitMs: {
    good: '1',
    means: 1,
    bad: ['0', '604800001', '10h'],
    wrong: 'must be a whole number from 1 to 604800000',
  },
  limitsWhenAway: {
    good: '0.125',
    means: 0.125,
    bad: ['', '0', '1.1', '-0.5', '10%', 'admit'],
    wrong: 'must be refuse, or a number above 0, at most 1',
  },
  delivery: { good: 'workers', means: 'workers', bad: ['nobody', ''], wrong: 'must be one of own, workers' },
  workerMessages: {
    good: '500',
    means: 500,
    bad: ['499', '16777217', 'many'],
    wrong: 'must be a whole number from 500 to 16777216',
  },
  idempotencyWindowMs: {
    good: '60000',
    means: 60_000,
    bad: ['999', '604800001', '24h', ''],
    wrong: 'must be a whole number from 1000 to 604800000',
  },
  smppPort: {
    good: '2775',
    means: 2_775,
    bad: ['-1', '65536', 'x'],
    wrong: 'must be a whole number from 0 to 65535',
  },
  smppTlsPort: {
    good: '0',
    means: 0,
    bad: ['-1', '65536', 'x'],
    wrong: 'must be a whole number from 0 to 65535',
  },
  smppTlsCert: { good: 'smpp.crt', means: 'smpp.crt', bad: [''], wrong: 'is empty; leave it out or give a value' },
  smppTlsKey: { good: 'smpp.key', means: 'smpp.key', bad: [''], wrong: 'is empty; leave it out or give a value' },
  smppReceipts: {
    good: 'seconds, tlv-only',
    means: ['seconds', 'tlv-only'],
    bad: ['', 'second', 'seconds;commas'],
    wrong:
      'must be words of text-only, tlv-only, seconds, capital-text, commas, payload, decimal-id, separated by commas',
  },
  callbackHosts: {
    good: 'hooks.example.com, 10.0.0.7,[fd00::7]',
    means: ['hooks.example.com', '10.0.0.7', '[fd00::7]'],
    bad: ['', 'a,,b', 'http://a', 'a:80', 'a b', 'fd00::7'],
    wrong: 'must be host names separated by commas',
  },
  magicNumbers: { good: 'true', means: true, bad: ['maybe'], wrong: 'must be true or false' },
  adminUser: { good: 'anna', means: 'anna', bad: ['an:na'], wrong: 'must hold no colon' },
  adminPassword: { good: 'a:b', means: 'a:b', bad: [' '], wrong: 'is empty; leave it out or give a value' },
  clock: {
    good: 'frozen@2024-03-01T18:00:00-08:00',
    means: Date.UTC(2024, 2, 2, 2),
    bad: ['', 'stopped', 'frozen@', 'frozen@2024-03-01', 'frozen@2024-03-01T18:00:00', 'frozen@2024-13-01T18:00:00Z'],
    wrong: 'must be real, frozen, or frozen@ and a moment with its offset, such as frozen@2024-03-01T18:00:00-08:00',
  },
  logLevel: {
    good: 'debug',
    means: 'debug',
    bad: ['verbose', 'WARN', ''],
    wrong: 'must be one of silent, error, warn, info, debug',
  },
};

describe.each(OPTIONS.map((one) => [one.key, one] as const))('%s', (key, { flag, variable, inFile, isSecret }) => {
  const [section, name] = inFile ?? ['', key];
  /** The start of the line that holds the value in a file, and what comes before that line. */
  const before = section === '' ? '' : `${section}:\n`;
  const indent = section === '' ? '' : '  ';
  const { good, means, bad, wrong } = VALUES[key];
  /** Admin user and password only go together, and so do the parts of SMPP over TLS. */
  const company: Readonly<Record<string, string>> = key.startsWith('admin')
    ? { TOLLGATE_ADMIN_USER: 'root', TOLLGATE_ADMIN_PASSWORD: 'secret' }
    : key.startsWith('smppTls')
      ? { TOLLGATE_SMPP_TLS_PORT: '1', TOLLGATE_SMPP_TLS_CERT: 'crt', TOLLGATE_SMPP_TLS_KEY: 'key' }
      : {};
  const environment = company;

  test('is taken from a flag, a variable and the file alike', () => {
    expect(optionsOf({ environment, flags: { [key]: good } })[key]).toEqual(means);
    expect(optionsOf({ environment: { ...environment, [variable]: good } })[key]).toEqual(means);
    const fromFile = {
      file: `${before}${indent}${name}: ${/[,[]/.test(good) ? JSON.stringify(good) : good}`,
      environment,
    };
    expect(optionsOf({ ...fromFile, environment: without(company, variable) })[key]).toEqual(means);
  });

  test.each(bad)('is refused where it was written: "%s"', (value) => {
    const shown = isSecret === true ? '…' : value;
    expect(errorsOf({ flags: { [key]: value } })).toEqual([expect.stringContaining(`${flag}: "${shown}" ${wrong}`)]);
    if (value !== '') {
      expect(errorsOf({ environment: { [variable]: value } })).toEqual([
        expect.stringContaining(`${variable}: "${shown}" ${wrong}`),
      ]);
    }
    const file = `# Ours.\n${before}\n${indent}  ${name}:   ${JSON.stringify(value)}\n`;
    const line = section === '' ? 3 : 4;
    const column = indent.length + name.length + 7;
    expect(errorsOf({ file })).toEqual([expect.stringContaining(`tollgate.yaml:${line}:${column}`)]);
    expect(errorsOf({ file })[0]).toContain(`${name} ${wrong}`);
  });
});

function without(record: Readonly<Record<string, string>>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

describe('the file', () => {
  test('may be empty but for a remark', () => {
    expect(errorsOf({ file: '{}\n# nothing yet\n' })).toEqual([]);
  });

  test('with an unknown key is refused, with the keys there are', () => {
    expect(errorsOf({ file: 'port: 1\nprot: 2\n' })).toEqual([
      expect.stringMatching(/^tollgate\.yaml:2:1.* unknown key "prot" in the configuration: use one of host, port, /),
    ]);
  });

  test('with an unknown key in a section is refused, with the keys of that section', () => {
    expect(errorsOf({ file: 'registry:\n  histroy: true\n' })).toEqual([
      expect.stringMatching(/^tollgate\.yaml:2:3.* unknown key "histroy" in registry: use one of file, history, /),
    ]);
  });

  test.each([
    ['a list', '- port', /tollgate\.yaml:1:1.*must be a map/],
    ['nothing at all', '', /tollgate\.yaml:1:1/],
    ['no YAML', 'port: [1\nseed: 2', /tollgate\.yaml:\d+:\d+.*not valid YAML/],
    ['a value left out', 'port:', /tollgate\.yaml:1:\d+.*port.*single value/],
    ['a list for a value', 'port: [1, 2]', /tollgate\.yaml:1:7.*port.*single value/],
    ['the same key twice', 'port: 1\nport: 2', /tollgate\.yaml:2:1/],
  ])('with %s is refused at its place', (_name, file, expected) => {
    expect(errorsOf({ file })).toEqual([expect.stringMatching(expected)]);
  });

  test('with several mistakes tells all of them, and those written elsewhere too', () => {
    const errors = errorsOf({ file: 'port: x\nseed: y', environment: { TOLLGATE_RATE: 'z' }, flags: { inbox: 'w' } });
    expect(errors.map((error) => error.split(/[ :]/, 1)[0])).toEqual([
      'tollgate.yaml',
      'tollgate.yaml',
      'TOLLGATE_RATE',
      '--inbox',
    ]);
  });
});

describe('limits that queue', () => {
  test('are none, all that can, or those named', () => {
    expect(optionsOf({ flags: { overLimit: 'reject' } }).overLimit).toEqual(new Set());
    expect(optionsOf({ flags: { overLimit: 'queue' } }).overLimit).toEqual(new Set(QUEUEABLE));
  });

  test('may be a map in the file, where each wrong entry is told with its place', () => {
    const file = 'overLimit:\n  att_campaign_tpm: queue\n  account_sms_rate: queue\n  tmobile_brand_day: reject\n';
    expect(optionsOf({ file }).overLimit).toEqual(new Set([Binding.AttCampaignTpm, Binding.AccountSmsRate]));
    expect(errorsOf({ file: 'overLimit:\n  att_campaign_tpm: wait\n  in_flight_messages: queue\n' })).toEqual([
      expect.stringMatching(/^tollgate\.yaml:2:3.* overLimit: "att_campaign_tpm=wait" must be /),
      expect.stringMatching(/^tollgate\.yaml:3:3.* overLimit: "in_flight_messages=queue" must be /),
    ]);
  });

  test('need an inbox with room for others beside those that wait', () => {
    expect(errorsOf({ flags: { inbox: '1000' } })).toEqual([]);
    expect(errorsOf({ flags: { inbox: '1000', queueMessages: '500', overLimit: 'queue' } })).toEqual([]);
    for (const overLimit of ['queue', 'reject']) {
      expect(errorsOf({ flags: { inbox: '1000', queueMessages: '501', overLimit } })).toEqual([
        expect.stringContaining('--queue-messages: 501 is more than half of the 1000 messages of --inbox'),
      ]);
    }
  });
});

test('a password is shown in no error', () => {
  const errors = [
    ...errorsOf({ flags: { adminPassword: ' \t' } }),
    ...errorsOf({ file: 'adminPassword: ["hunter2"]' }),
    ...errorsOf({ flags: { adminPassword: 'hunter2' } }),
  ];
  expect(errors).toHaveLength(3);
  expect(errors.join()).not.toContain('hunter2');
});

describe('who may change the world', () => {
  const credentials = { adminUser: 'anna', adminPassword: 'secret' };

  test.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('on loopback (%s) anybody', (host) => {
    expect(errorsOf({ flags: { host } })).toEqual([]);
  });

  test.each([
    '0.0.0.0',
    '::',
    '10.0.0.5',
    'gateway.example.com',
    'localhost.example.com',
    '127.0.0.1.nip.io',
    '1127.0.0.1',
  ])('off loopback (%s) only an admin with credentials', (host) => {
    expect(errorsOf({ flags: { host } })).toEqual([
      `--host: "${host}" is not loopback, so anybody could change the world; ` +
        'set --admin-user and TOLLGATE_ADMIN_PASSWORD, or listen on 127.0.0.1',
    ]);
    expect(errorsOf({ flags: { host, ...credentials } })).toEqual([]);
  });

  test('time that stands is refused with Redis, whose time is real', () => {
    const written = { flags: { clock: 'frozen' }, environment: { REDIS_URL: 'redis://localhost' } };
    expect(errorsOf(written)).toEqual([
      '--clock: with --redis time is real, since the time of Redis decides between gateways; leave one of them out',
    ]);
  });

  test('half a pair of credentials is refused, on loopback too', () => {
    expect(errorsOf({ flags: { adminUser: 'anna' } })).toEqual([
      '--admin-user and --admin-password belong together; give the password too',
    ]);
    expect(errorsOf({ environment: { TOLLGATE_ADMIN_PASSWORD: 'secret' } })).toEqual([
      '--admin-user and --admin-password belong together; give the user too',
    ]);
  });

  test('the two halves may come from different places', () => {
    const written = {
      file: 'adminUser: anna',
      environment: { TOLLGATE_ADMIN_PASSWORD: 'secret' },
      flags: { host: '::' },
    };
    expect(optionsOf(written)).toMatchObject({ adminUser: 'anna', adminPassword: 'secret', host: '::' });
  });
});

test('no two options share a flag, a variable or a key, and each variable is named after its flag', () => {
  expect(new Set(OPTIONS.map(({ flag }) => flag)).size).toBe(OPTIONS.length);
  expect(new Set(OPTIONS.map(({ key }) => key)).size).toBe(OPTIONS.length);
  for (const { flag, variable } of OPTIONS) {
    // Whoever runs Redis already has its address in a variable of this name.
    const named = flag === '--redis' ? 'REDIS_URL' : `TOLLGATE_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`;
    expect(variable).toBe(named);
  }
});
