/**
 * A carrier world for tests: a gateway in this process, steered and asked from the test, and sandboxes behind it.
 *
 *     await using tollgate = await startTollgate({ seed: 7 });
 *     await fetch(`${tollgate.url}/v1/messages`, { method: 'POST', ... });
 *     await tollgate.messages.waitFor({ to: '+15005550000', handset: 'delivered' });
 *
 * Nothing is global: two of them in a process do not know each other. Nothing is left open once one is closed.
 */
import { ControlledClock } from '../control/index.ts';
import { CannotStart, loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { type FaceName, FACES } from '../messages/index.ts';
import { readOptions, type ServeOptions } from '../options.ts';
import type { SandboxSettings } from '../sandboxes/index.ts';
import { createLog } from '../telemetry/index.ts';
import { type Ask, askOf, readSnapshot, TollgateRefused, writeSnapshot } from './ask.ts';
import { TestClock } from './clock.ts';
import { type Regime, TestFaults, TestPolicy } from './controls.ts';
import { checkFields, checkWord, type FieldsOf } from './known.ts';
import { TestMessages } from './messages.ts';
import { type CarrierId, TestRegistry } from './registry.ts';
import { type TestWebhooks, WebhookReceiver } from './webhooks.ts';

export interface WorldOptions {
  /** Of all chance: the same seed and the same messages have the same outcomes. 1 when left out. */
  readonly seed?: number;
  /** What carriers do with unregistered traffic, all of them or each; as they did at the tariff date when left out. */
  readonly regime?: Regime | Partial<Readonly<Record<CarrierId, Regime>>>;
  /** Day whose regimes and prices apply, YYYY-MM-DD, or `today`; 2024-03-01 when left out. */
  readonly tariffDate?: string;
  /** `real`, which is what it is when left out, `frozen`, or `frozen@` and a moment with its offset. */
  readonly clock?: string;
  /** Whether ESMEs may bind by SMPP, on a free port. Where they may, they may to all sandboxes, at the same port. */
  readonly smpp?: boolean;
}

export interface TollgateOptions extends WorldOptions {
  /** Keeps registries and messages in a Redis, by its URL. Then time cannot be stopped, and nothing reset or saved. */
  readonly redis?: string;
  /** To listen on for HTTP; a free one when left out. */
  readonly port?: number;
  /** Messages held, in flight or finished. */
  readonly inbox?: number;
}

export interface SandboxOptions extends WorldOptions {
  /**
   * Whose API the sandbox's account uses. Then messages from handsets are told to `webhooks` as that provider would, receipts that name no
   * address too, and STOP and its like are heeded.
   */
  readonly face?: ProviderName;
}

export type ProviderName = Exclude<FaceName, 'native'>;

const WORLD_OPTIONS: FieldsOf<WorldOptions> = { seed: true, regime: true, tariffDate: true, clock: true, smpp: true };
const TOLLGATE_OPTIONS: FieldsOf<TollgateOptions> = { ...WORLD_OPTIONS, redis: true, port: true, inbox: true };
const SANDBOX_OPTIONS: FieldsOf<SandboxOptions> = { ...WORLD_OPTIONS, face: true };

/** What a test may do in a gateway of its own, be it the one that listens or a sandbox behind it. */
export interface World extends AsyncDisposable {
  /** In front of every path: of `/v1/messages`, of `/twilio/2010-04-01`, ... */
  readonly url: string;
  /** Where ESMEs bind, such as `smpp://127.0.0.1:40123`; empty without SMPP. */
  readonly smppUrls: readonly string[];
  readonly registry: TestRegistry;
  readonly messages: TestMessages;
  readonly webhooks: TestWebhooks;
  readonly inbound: TestInbound;
  readonly clock: TestClock;
  readonly faults: TestFaults;
  readonly policy: TestPolicy;
  /** Puts everything back to what it was at the start, clock, chance and registries included, and forgets the webhooks. */
  reset(): Promise<void>;
  /** The whole state, to be put back with `restore`. */
  snapshot(): Promise<Uint8Array>;
  restore(snapshot: Uint8Array): Promise<void>;
  /** Closes it at once; what is in flight is lost. */
  close(): Promise<void>;
}

/** A gateway that shares nothing with others, but for the port of the one before it. */
export interface SandboxWorld extends World {
  readonly id: string;
  /** To be sent with each request that goes to the gateway in front and not to `url`. */
  readonly headers: Readonly<Record<string, string>>;
  /** For APIs of providers; requests that come with them find their way here by themselves. */
  readonly api: { readonly id: string; readonly secret: string };
  /** What an ESME binds with. */
  readonly smpp: { readonly systemId: string; readonly password: string };
}

export interface Tollgate extends World {
  /** A world of its own for one test; its options are as those of the gateway where they are left out. */
  sandbox(options?: SandboxOptions): Promise<SandboxWorld>;
}

/** A message from a handset to one of our numbers. */
export interface InboundMessage {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** Whose number it is: if it uses the API of a provider, its webhook is told, and STOP and its like are heeded. A sandbox's own when left out. */
  readonly account?: string;
}

export interface TestInbound {
  /** Sends it. Resolves with what `POST /v1/inbound` answers, rejects with TollgateRefused. */
  send(message: InboundMessage): Promise<unknown>;
}

const INBOX = 16_384;
/** Inbound messages that are not taken are answered, not refused. */
const DECIDED = [402, 403, 503];

/**
 * Starts a gateway on loopback, ready when this resolves, with magic numbers in force.
 * Rejects with CannotStart, whose lines say which option is wrong and how, with a TypeError for an option that there is not.
 */
export async function startTollgate(options: TollgateOptions = {}): Promise<Tollgate> {
  checkFields('startTollgate', options, TOLLGATE_OPTIONS);
  const serveOptions = readWishes(options);
  const clock = new ControlledClock();
  if (serveOptions.clock !== 'real') clock.freeze(serveOptions.clock === 'frozen' ? undefined : serveOptions.clock);
  const world = loadWorld(serveOptions);
  const receiver = await WebhookReceiver.open();
  const gateway = await orUndo(
    openGateway({
      options: serveOptions,
      world,
      clock,
      timers: clock,
      log: createLog(serveOptions.logLevel),
      isDocumented: false,
    }),
    () => receiver.close(),
  );
  const close = (): Promise<void> => held(Promise.all([gateway.close(0), receiver.close()]));
  const own = await orUndo(
    worldOf({
      gateway,
      clock,
      url: gateway.url,
      receiver,
      name: 'main',
      regime: options.regime,
      close,
    }),
    close,
  );
  return {
    ...own,
    async sandbox(wishes = {}) {
      checkFields('a sandbox', wishes, SANDBOX_OPTIONS);
      if (wishes.face !== undefined) checkWord('face', wishes.face, FACES.slice(1));
      const settings: SandboxSettings = {
        seed: wishes.seed ?? options.seed,
        tariffDate: wishes.tariffDate ?? options.tariffDate,
        clock: wishes.clock ?? options.clock,
        smpp: wishes.smpp,
      };
      const { sandboxes } = gateway;
      const opened = await sandboxes?.open(settings, Infinity);
      if (sandboxes === undefined || opened === undefined) throw new Error('this gateway has no sandboxes');
      if ('detail' in opened) throw new TollgateRefused(opened.status, opened, 'sandbox');
      const { id, password, api, inner } = opened;
      const closeInside = async (): Promise<void> => {
        receiver.remove(id);
        await held(sandboxes.closeOne(id));
      };
      const inside = await orUndo(
        worldOf({
          gateway: inner,
          clock: inner.clock,
          url: `${gateway.url}/sandboxes/${id}`,
          receiver,
          name: id,
          regime: wishes.regime ?? options.regime,
          account: id,
          face: wishes.face,
          close: closeInside,
        }),
        closeInside,
      );
      return { ...inside, id, headers: { 'tollgate-sandbox': id }, api, smpp: { systemId: id, password } };
    },
  };
}

/** The options of a gateway for tests: what the command line would make of them. */
function readWishes({ seed, tariffDate, clock, smpp, redis, port = 0, inbox = INBOX }: TollgateOptions): ServeOptions {
  const flags = {
    port: String(port),
    logLevel: 'silent',
    magicNumbers: 'true',
    inbox: String(inbox),
    queueMessages: String(Math.max(1, Math.floor(inbox / 2))),
    ...(seed !== undefined && { seed: String(seed) }),
    ...(tariffDate !== undefined && { tariffDate }),
    ...(clock !== undefined && { clock: String(clock) }),
    ...(smpp === true && { smppPort: '0' }),
    ...(redis !== undefined && { redisUrl: redis }),
  };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok) throw new CannotStart(read.errors);
  return read.options;
}

async function worldOf(parts: {
  readonly gateway: Gateway;
  readonly clock: ControlledClock;
  readonly url: string;
  readonly receiver: WebhookReceiver;
  readonly name: string;
  readonly regime: WorldOptions['regime'];
  /** Whose numbers messages from handsets go to where they do not say. */
  readonly account?: string;
  readonly face?: ProviderName | undefined;
  readonly close: () => Promise<void>;
}): Promise<World> {
  const { gateway, url, receiver, name, close } = parts;
  const ask: Ask = askOf(url);
  const clock = new TestClock(parts.clock, ask);
  const policy = new TestPolicy(ask);
  const registry = new TestRegistry(gateway, ask);
  const webhooks = receiver.add(name, clock);
  const { regime, account, face } = parts;
  if (regime !== undefined) await switchRegimes(policy, regime);
  if (account !== undefined && face !== undefined) {
    await ask('PUT', `/v1/accounts/${account}`, { kind: 'postpaid', face, webhook: { url: webhooks.url } });
  }
  if (regime !== undefined || face !== undefined) await gateway.keepStart();
  const inboundAsk = askOf(url, DECIDED);
  let isClosed = false;
  const closeOnce = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await close();
  };
  return {
    url,
    smppUrls: gateway.smppUrls,
    registry,
    messages: new TestMessages(gateway.core, gateway.store, clock),
    webhooks,
    inbound: {
      send: (message) => inboundAsk('POST', '/v1/inbound', { ...(account !== undefined && { account }), ...message }),
    },
    clock,
    faults: new TestFaults(ask),
    policy,
    async reset() {
      await ask('POST', '/v1/reset');
      registry.forget();
      webhooks.clear();
    },
    snapshot: () => readSnapshot(url),
    restore: (snapshot) => writeSnapshot(url, snapshot),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

async function switchRegimes(policy: TestPolicy, regime: NonNullable<WorldOptions['regime']>): Promise<void> {
  if (typeof regime === 'string') {
    await policy.regime(regime);
    return;
  }
  for (const [carrier, one] of Object.entries(regime)) await policy.regime(one, { carrier: carrier as CarrierId });
}

/** What comes of it; if nothing does, `undo` sees to it that nothing is left open. */
async function orUndo<T>(opening: Promise<T>, undo: () => Promise<void>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Keeps the process alive while something closes: timers of a gateway never do. */
async function held(closing: Promise<unknown>): Promise<void> {
  const hold = setInterval(() => undefined, 1_000);
  try {
    await closing;
  } finally {
    clearInterval(hold);
  }
}
