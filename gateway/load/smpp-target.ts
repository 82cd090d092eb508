/** SMPP: some binds, each with its window, that take turns. One that is lost is bound again after a while, and what it had under way has failed. */
import { Bind, type BindAs } from './bind.ts';
import { type LoadPlan, shareOf } from './plan.ts';
import type { Reel } from './reel.ts';
import { type Target, type TargetParts, UNANSWERED } from './target.ts';

const BIND_AGAIN_MS = 1_000;

export class SmppTarget implements Target {
  onRoom: () => void = () => {};
  readonly #parts: TargetParts;
  readonly #reel: Reel;
  readonly #binds: Bind[] = [];
  readonly #lost = new Map<Bind, number>();
  #piece = 0;
  #turn = 0;
  #isClosing = false;

  constructor(plan: LoadPlan, thread: number, reel: Reel, parts: TargetParts) {
    this.#parts = parts;
    this.#reel = reel;
    const kinds: readonly BindAs[] = plan.binds === 'tx+rx' ? ['BindTransmitter', 'BindReceiver'] : ['BindTransceiver'];
    for (let count = shareOf(plan.connections, thread, plan.threads); count > 0; count -= 1) {
      for (const kind of kinds) this.#add(plan, kind);
    }
  }

  /** Binds all of them. @throws TargetUnfit if any is refused */
  async open(): Promise<void> {
    await Promise.all(this.#binds.map((bind) => bind.open()));
  }

  /** Goes on to the next bind in turn that has room. */
  get hasRoom(): boolean {
    const binds = this.#binds;
    for (let looked = 0; looked < binds.length; looked += 1) {
      if (binds[this.#turn]?.hasRoom === true) return true;
      this.#turn = this.#turn + 1 === binds.length ? 0 : this.#turn + 1;
    }
    return false;
  }

  get inFlight(): number {
    let all = 0;
    for (const bind of this.#binds) all += bind.inFlight;
    return all;
  }

  send(dueMs: number): void {
    this.#binds[this.#turn]?.send(this.#reel, this.#piece, dueMs, this.#parts.nowMs());
    this.#turn = this.#turn + 1 === this.#binds.length ? 0 : this.#turn + 1;
    this.#piece = this.#piece + 1 === this.#reel.count ? 0 : this.#piece + 1;
  }

  flush(): void {
    for (const bind of this.#binds) bind.flush();
  }

  tick(nowMs: number): void {
    for (const bind of this.#binds) bind.tick(nowMs);
    for (const [bind, sinceMs] of this.#lost) {
      if (nowMs - sinceMs < BIND_AGAIN_MS) continue;
      this.#lost.delete(bind);
      bind.open().catch(() => this.#lost.set(bind, this.#parts.nowMs()));
    }
  }

  abandon(nowMs: number): void {
    for (const bind of this.#binds) bind.abandon(nowMs, UNANSWERED);
  }

  close(): Promise<void> {
    this.#isClosing = true;
    for (const bind of this.#binds) bind.close();
    return Promise.resolve();
  }

  #add(plan: LoadPlan, kind: BindAs): void {
    const events = { onRoom: () => this.onRoom(), onLost: (why: string) => this.#wasLost(bind, why) };
    const bind: Bind = new Bind(plan, this.#parts, events, kind);
    this.#binds.push(bind);
  }

  #wasLost(bind: Bind, why: string): void {
    if (this.#isClosing) return;
    this.#lost.set(bind, this.#parts.nowMs());
    this.#parts.say(`a bind was lost (${why}) and is bound again`);
  }
}
