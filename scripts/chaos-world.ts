// Who sends in a chaos run: a number on a campaign of each class of urgency, under limits too wide to matter, and an account whose messages
// have to wait for each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askJson } from './ask.ts';
import { nowMs } from './gateway-fleet.ts';

const CAMPAIGNS = ['2FA', 'CUSTOMER_CARE', 'MARKETING'].map((useCase, place) => ({
  useCase,
  id: `CCHAOS${place}`,
  sender: `+1212555${4_000 + place}`,
}));

export const CHAOS_SENDERS: readonly string[] = CAMPAIGNS.map(({ sender }) => sender);

/** The file of campaigns that a gateway needs for them. */
export const CHAOS_CAMPAIGNS =
  'brands:\n  - { id: BCHAOS1, name: Chaos, tmobileTier: UNCAPPED }\ncampaigns:\n' +
  CAMPAIGNS.map(
    ({ id, useCase }) =>
      `  - { id: ${id}, brand: BCHAOS1, attClass: A, useCase: ${useCase}, carriers: [att, tmobile, verizon] }\n`,
  ).join('');

/** Its messages come faster, by spells, than they may go. */
export const SLOW_ACCOUNT = 'slow';
const SLOW_PER_SECOND = 20;

/** The file of accounts that a gateway needs. */
export const CHAOS_ACCOUNTS = `accounts:\n  - { id: ${SLOW_ACCOUNT}, kind: postpaid, limits: { smsPerSecond: ${SLOW_PER_SECOND} } }\n`;

const KNOWN_TIMEOUT_MS = 20_000;
const LOOK_MS = 20;

/** Puts the numbers on their campaigns, and waits until every gateway knows. */
export async function putOnCampaigns(gateways: readonly string[], isShared: boolean): Promise<void> {
  for (const { id, sender } of CAMPAIGNS) {
    for (const url of isShared ? gateways.slice(0, 1) : gateways) {
      await askJson(`${url}/v1/numbers/${sender}`, 'PUT', { campaign: id });
    }
  }
  for (const url of gateways) {
    for (const sender of CHAOS_SENDERS) await untilKnown(`${url}/v1/lookup/${sender}`);
  }
}

async function untilKnown(url: string): Promise<void> {
  const untilMs = nowMs() + KNOWN_TIMEOUT_MS;
  while (nowMs() < untilMs) {
    const { text } = await ask(url);
    if ((JSON.parse(text) as { registration?: { state?: string } }).registration?.state === 'registered') return;
    await sleep(LOOK_MS);
  }
  throw new Error(`${url} does not know the number`);
}
