// Gateways and workers on one Redis that writes down what it does, each process by a proxy of its own, and the faults that befall
// them. Faults of one process come one after the other; those of different ones, of the network and of Redis meet as they may.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHAOS_ACCOUNTS, CHAOS_CAMPAIGNS } from './chaos-world.ts';
import type { Fault, Role } from './chaos-plan.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { nowMs } from './gateway-fleet.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTollgate, type TollgateProcess } from './tollgate-process.ts';

export interface ChaosFleetSetting {
  readonly gateways: number;
  /** Without any there is no Redis either, and gateways keep nothing. */
  readonly workers: number;
  /** Path of the compiled command, for one that starts sooner. */
  readonly program?: string | undefined;
}

/** Durable as far as Redis offers it without waiting for the disk at every write. */
export const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'everysec'];

/** A place for a process: when one ends, another is started in it. */
interface Place {
  readonly role: Role;
  proxy: CuttingProxy | undefined;
  process: TollgateProcess | undefined;
  /** Resolves when the faults of this process that have begun are over. */
  turn: Promise<void>;
}

/** What happened, and when: the fault and the end of it. */
export interface Befallen {
  readonly fault: Fault;
  readonly fromMs: number;
  untilMs: number;
}

export class ChaosFleet {
  readonly befallen: Befallen[] = [];
  readonly redis: RedisServer | undefined;
  readonly #places: readonly Place[];
  readonly #folder: string;
  readonly #program: string | undefined;
  readonly #words: Readonly<Record<Role, readonly string[]>>;
  #redisTurn = Promise.resolve();

  private constructor(setting: ChaosFleetSetting, redis: RedisServer | undefined) {
    this.#folder = mkdtempSync(join(tmpdir(), 'tollgate-chaos-'));
    const files = Object.entries({ campaigns: CHAOS_CAMPAIGNS, accounts: CHAOS_ACCOUNTS }).flatMap(([option, text]) => {
      const path = join(this.#folder, `${option}.yaml`);
      writeFileSync(path, text);
      return [`--${option}`, path];
    });
    const quiet = ['--log-level', 'error'];
    const delivery = redis === undefined ? [] : ['--delivery', 'workers'];
    this.#words = { gateway: [...quiet, ...files, '--over-limit', 'queue', ...delivery], worker: quiet };
    this.redis = redis;
    this.#program = setting.program;
    const places = (role: Role, count: number): Place[] =>
      Array.from({ length: count }, () => ({ role, proxy: undefined, process: undefined, turn: Promise.resolve() }));
    this.#places = [...places('gateway', setting.gateways), ...places('worker', setting.workers)];
  }

  /** Starts Redis and then all processes at once; each listens when this resolves. */
  static async start(setting: ChaosFleetSetting): Promise<ChaosFleet> {
    const redis = setting.workers > 0 ? await startRedisServer(APPEND_ONLY) : undefined;
    const fleet = new ChaosFleet(setting, redis);
    try {
      await Promise.all(fleet.#places.map((place) => fleet.#open(place)));
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** Where the gateways listen that are there. */
  gatewayUrls(): string[] {
    return this.#of('gateway').flatMap(({ process }) => process?.url ?? []);
  }

  /** Processes that are there. */
  processes(role: Role): TollgateProcess[] {
    return this.#of(role).flatMap(({ process }) => process ?? []);
  }

  /** Has one fault happen; resolves when it is over. Those of the receiver are not ours. */
  async befall(fault: Fault): Promise<void> {
    const one: Befallen = { fault, fromMs: nowMs(), untilMs: Infinity };
    this.befallen.push(one);
    await this.#happen(fault);
    one.untilMs = nowMs();
  }

  /** Ends every fault of the network and of Redis, and waits for those of processes. */
  async heal(): Promise<void> {
    await Promise.all([this.#redisTurn, ...this.#places.map(({ turn }) => turn)]);
    for (const { proxy } of this.#places) {
      proxy?.delay(0);
      proxy?.heal();
    }
  }

  /** Ends all of them at once. */
  async close(): Promise<void> {
    await Promise.all(this.#places.map(async ({ process }) => process?.kill()));
    await Promise.all(this.#places.map(async ({ proxy }) => proxy?.close()));
    await this.redis?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #of(role: Role): Place[] {
    return this.#places.filter((place) => place.role === role);
  }

  async #happen({ what, role, place, forMs, delayMs }: Fault): Promise<void> {
    const one = this.#of(role)[place];
    const all = this.#places.flatMap(({ proxy }) => proxy ?? []);
    switch (what) {
      case 'kill':
      case 'stop':
        return this.#inTurn(one, async (found) => {
          await (what === 'kill' ? found.process?.kill() : found.process?.stop());
          found.process = undefined;
          await sleep(forMs);
          await this.#open(found);
        });
      case 'kill while late':
      case 'kill while cut':
        return this.#inTurn(one, async (found) => {
          if (what === 'kill while cut') found.proxy?.cut();
          else found.proxy?.delay(delayMs);
          await sleep(TROUBLED_MS);
          await found.process?.kill();
          found.process = undefined;
          found.proxy?.delay(0);
          found.proxy?.heal();
          await sleep(forMs);
          await this.#open(found);
        });
      case 'stall':
      case 'stall past its lock':
        return this.#inTurn(one, async ({ process }) => {
          await process?.stall();
          await sleep(forMs);
          process?.resume();
        });
      case 'cut':
      case 'hang':
        return during(one?.proxy ? [one.proxy] : [], forMs, (proxy) => (what === 'cut' ? proxy.cut() : proxy.hang()));
      case 'cut all':
        return during(all, forMs, (proxy) => proxy.cut());
      case 'delay all':
        for (const proxy of all) proxy.delay(delayMs);
        await sleep(forMs);
        for (const proxy of all) proxy.delay(0);
        return;
      case 'pause Redis':
        return this.#inRedisTurn(async (redis) => {
          await redis.pause();
          await sleep(forMs);
          await redis.resume();
        });
      case 'kill Redis':
        return this.#inRedisTurn(async (redis) => {
          await redis.kill();
          await sleep(forMs);
          await redis.restart();
        });
      default:
    }
  }

  async #inTurn(place: Place | undefined, happen: (place: Place) => Promise<void>): Promise<void> {
    if (place === undefined) return;
    place.turn = place.turn.then(() => happen(place));
    await place.turn;
  }

  async #inRedisTurn(happen: (redis: RedisServer) => Promise<void>): Promise<void> {
    const { redis } = this;
    if (redis === undefined) return;
    this.#redisTurn = this.#redisTurn.then(() => happen(redis));
    await this.#redisTurn;
  }

  /** A process that does not find Redis when it starts says so and ends; whoever runs it starts it again. */
  async #open(place: Place): Promise<void> {
    const { redis } = this;
    if (redis !== undefined) place.proxy ??= await startCuttingProxy(redis.port);
    const environment = place.proxy === undefined ? {} : { REDIS_URL: `redis://127.0.0.1:${place.proxy.port}` };
    const setting = {
      command: place.role === 'gateway' ? ('serve' as const) : ('worker' as const),
      program: this.#program,
      words: this.#words[place.role],
      environment,
    };
    for (let left = START_TRIES; place.process === undefined; left -= 1) {
      try {
        place.process = await startTollgate(setting);
      } catch (error) {
        if (left === 0) throw error;
        await sleep(RESTART_MS);
      }
    }
  }
}

/** How long a process is in trouble before it is killed. */
const TROUBLED_MS = 150;
const START_TRIES = 20;
const RESTART_MS = 200;

async function during(
  proxies: readonly CuttingProxy[],
  forMs: number,
  begin: (proxy: CuttingProxy) => void,
): Promise<void> {
  for (const proxy of proxies) begin(proxy);
  await sleep(forMs);
  for (const proxy of proxies) proxy.heal();
}
