// Several gateways that share their limits through one Redis, each by a proxy of its own, and the faults that befall one of
// them. What they accept is delivered by a worker whose clock is right and whom nothing befalls. Without Redis the same gateways count each for itself: what a test of sharing must be able to tell apart.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTollgate, type TollgateProcess } from './tollgate-process.ts';

export interface FleetSetting {
  readonly gateways: number;
  /** Whether they share a Redis. */
  readonly isShared: boolean;
  /** Texts of files that the command reads, by its option: `campaigns`, `accounts`. */
  readonly files: Readonly<Record<string, string>>;
  /** How far each wall clock is ahead; 0 where there is none. */
  readonly clocksAheadMs?: readonly number[];
}

/** A time at which something was done to a gateway. */
export interface Fault {
  readonly what: 'killed' | 'stopped' | 'started' | 'cut' | 'healed' | 'stalled' | 'resumed';
  readonly place: number;
  readonly atMs: number;
}

/** A gateway's place: when one is killed, another may be started in it. */
interface Place {
  readonly clockAheadMs: number;
  proxy: CuttingProxy | undefined;
  gateway: TollgateProcess | undefined;
}

/** Milliseconds since the epoch on a clock that is never set; all times of the harness are on it. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

export class GatewayFleet {
  readonly faults: Fault[] = [];
  readonly #places: readonly Place[];
  readonly #folder: string;
  readonly #words: string[];
  readonly #redis: RedisServer | undefined;
  #worker: TollgateProcess | undefined;

  private constructor(setting: FleetSetting, redis: RedisServer | undefined) {
    this.#redis = redis;
    this.#folder = mkdtempSync(join(tmpdir(), 'tollgate-fleet-'));
    this.#words = Object.entries(setting.files).flatMap(([option, text]) => {
      const path = join(this.#folder, `${option}.yaml`);
      writeFileSync(path, text);
      return [`--${option}`, path];
    });
    if (redis !== undefined) this.#words.push('--delivery', 'workers');
    this.#places = Array.from({ length: setting.gateways }, (_, place) => ({
      clockAheadMs: setting.clocksAheadMs?.[place] ?? 0,
      proxy: undefined,
      gateway: undefined,
    }));
  }

  /** Starts all of them at once; each listens when this resolves. */
  static async start(setting: FleetSetting): Promise<GatewayFleet> {
    const fleet = new GatewayFleet(setting, setting.isShared ? await startRedisServer() : undefined);
    try {
      await Promise.all([fleet.#openWorker(), ...fleet.#places.map((_, place) => fleet.#open(place))]);
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  get size(): number {
    return this.#places.length;
  }

  /** Whether its gateways share a Redis. */
  get isShared(): boolean {
    return this.#redis !== undefined;
  }

  /** Where the gateway at a place listens; undefined while there is none. */
  urlAt(place: number): string | undefined {
    return this.#places[place]?.gateway?.url;
  }

  /** Gateways that are there, each with its place. */
  urls(): [place: number, url: string][] {
    return this.#places.flatMap(({ gateway }, place) => (gateway === undefined ? [] : [[place, gateway.url]]));
  }

  /** What has to be taken off the time of an acceptance that the gateway at a place tells. */
  clockAheadMsAt(place: number): number {
    return this.#at(place).clockAheadMs;
  }

  /** The same of the time at which a message came to its end. */
  clockAheadMsOfDelivery(place: number): number {
    return this.isShared ? 0 : this.clockAheadMsAt(place);
  }

  async kill(place: number): Promise<void> {
    const { gateway } = this.#at(place);
    this.#at(place).gateway = undefined;
    this.#note('killed', place);
    await gateway?.kill();
  }

  /** Has one end in peace. */
  async stop(place: number): Promise<void> {
    const { gateway } = this.#at(place);
    this.#at(place).gateway = undefined;
    this.#note('stopped', place);
    await gateway?.stop();
  }

  /** Starts another gateway where one has ended. */
  async startAnother(place: number): Promise<void> {
    await this.#open(place);
    this.#note('started', place);
  }

  /** Takes Redis away from one gateway for some time. */
  async cut(place: number, forMs: number): Promise<void> {
    const { proxy } = this.#at(place);
    if (proxy === undefined) return;
    proxy.cut();
    this.#note('cut', place);
    await sleep(forMs);
    proxy.heal();
    this.#note('healed', place);
  }

  /** Holds one gateway still for some time. */
  async stall(place: number, forMs: number): Promise<void> {
    const { gateway } = this.#at(place);
    if (gateway === undefined) return;
    await gateway.stall();
    this.#note('stalled', place);
    await sleep(forMs);
    this.#note('resumed', place);
    gateway.resume();
  }

  /** The earliest that a gateway can have acted on what was sent to it: not while it was held still. */
  earliestMs(place: number, sentMs: number): number {
    let earliestMs = sentMs;
    for (let at = 0; at < this.faults.length; at += 1) {
      const stalled = this.faults[at];
      if (stalled?.what !== 'stalled' || stalled.place !== place || stalled.atMs > sentMs) continue;
      const resumed = this.faults.find((one, later) => later > at && one.what === 'resumed' && one.place === place);
      if (resumed !== undefined) earliestMs = Math.max(earliestMs, resumed.atMs);
    }
    return earliestMs;
  }

  /** Ends all of them at once. */
  async close(): Promise<void> {
    await Promise.all([this.#worker?.kill(), ...this.#places.map(async ({ gateway }) => gateway?.kill())]);
    await Promise.all(this.#places.map(async ({ proxy }) => proxy?.close()));
    await this.#redis?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #openWorker(): Promise<void> {
    if (this.#redis === undefined) return;
    this.#worker = await startTollgate({ command: 'worker', environment: { REDIS_URL: this.#redis.url } });
  }

  async #open(place: number): Promise<void> {
    const one = this.#at(place);
    if (this.#redis !== undefined) one.proxy ??= await startCuttingProxy(this.#redis.port);
    one.gateway = await startTollgate({
      words: this.#words,
      environment: one.proxy === undefined ? {} : { REDIS_URL: `redis://127.0.0.1:${one.proxy.port}` },
      clockAheadMs: one.clockAheadMs,
    });
  }

  #at(place: number): Place {
    const found = this.#places[place];
    if (found === undefined) throw new RangeError(`there is no gateway ${place} of ${this.size}`);
    return found;
  }

  #note(what: Fault['what'], place: number): void {
    this.faults.push({ what, place, atMs: nowMs() });
  }
}
