// Messages offered to gateways at a steady rate, whatever becomes of them, in small batches; and what was accepted, and when.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import { CHAOS_SENDERS } from './chaos-world.ts';
import { destinations } from './limited-traffic.ts';
import { nowMs } from './gateway-fleet.ts';

export interface SteadySetting {
  readonly perSecond: number;
  readonly gateways: () => readonly string[];
  /** False to keep no ids: then nothing grows, however long it goes on. */
  readonly keepsIds: boolean;
}

/** What one batch came to. */
export interface AcceptedBatch {
  readonly atMs: number;
  readonly count: number;
  readonly ids: readonly string[];
}

const BATCHES_PER_SECOND = 40;
const MS_PER_SECOND = 1_000;
const ANSWER_TIMEOUT_MS = 5_000;
const UNANSWERED_MAX = 200;
const TEXT = 'Your table is ready.';

export class SteadyLoad {
  readonly accepted: AcceptedBatch[] = [];
  acceptedCount = 0;
  offeredCount = 0;
  readonly #setting: SteadySetting;
  readonly #body: string;
  readonly #perBatch: number;
  // Read by the loop that offers; the linter does not see it there.
  // oxlint-disable-next-line no-unused-private-class-members
  #isOn = true;
  #unanswered = 0;
  #done: Promise<void>;

  constructor(setting: SteadySetting) {
    this.#setting = setting;
    this.#perBatch = Math.max(1, Math.round(setting.perSecond / BATCHES_PER_SECOND));
    const { tmobile, verizon } = destinations();
    const to = [...tmobile, ...verizon];
    const lines = Array.from({ length: this.#perBatch }, (_, index) =>
      JSON.stringify({ from: CHAOS_SENDERS[index % CHAOS_SENDERS.length], to: to[index % to.length], text: TEXT }),
    );
    this.#body = lines.join('\n');
    this.#done = this.#offer();
  }

  /** Ends the load; resolves when all that was offered is answered. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#done;
    while (this.#unanswered > 0) await sleep(10);
  }

  /** On time, also when an answer is not: a gateway that stands still is offered as much. */
  async #offer(): Promise<void> {
    const startMs = nowMs();
    for (let batch = 0; this.#isOn; batch += 1) {
      const waitMs = startMs + (batch * this.#perBatch * MS_PER_SECOND) / this.#setting.perSecond - nowMs();
      if (waitMs > 0) await sleep(waitMs);
      const urls = this.#setting.gateways();
      const url = urls[batch % urls.length];
      this.offeredCount += this.#perBatch;
      if (url === undefined || this.#unanswered >= UNANSWERED_MAX) continue;
      this.#unanswered += 1;
      this.#post(url).then(
        () => (this.#unanswered -= 1),
        () => (this.#unanswered -= 1),
      );
    }
  }

  async #post(url: string): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson' };
    const asked = { method: 'POST', headers, body: this.#body, timeoutMs: ANSWER_TIMEOUT_MS };
    const { status, text } = await ask(`${url}/v1/messages/batch`, asked);
    if (status !== 200) return;
    const ids = Array.from(text.matchAll(ACCEPTED), ([, id]) => id ?? '');
    this.acceptedCount += ids.length;
    if (this.#setting.keepsIds && ids.length > 0) this.accepted.push({ atMs: nowMs(), count: ids.length, ids });
  }
}

const ACCEPTED = /"id":"([^"]+)","status":"accepted"/g;
