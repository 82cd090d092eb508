/** The numbers of a load, registered at a gateway before it begins. */
import { formatNumber, loadCarrierMap } from '../../registry-cache/index.ts';
import { SenderNumbers } from '../load/index.ts';
import { askGateway } from './ask-gateway.ts';
import { failed } from './carry-out.ts';
import { startProgress } from './registry/progress.ts';

const AT_ONCE = 16;

interface CampaignList {
  readonly campaigns: readonly {
    readonly campaign: string;
    readonly carriers: readonly { readonly active: boolean }[];
    readonly expiresAt: string | null;
  }[];
}

export interface NumbersToRegister {
  /** Address of the gateway. */
  readonly api: string;
  readonly seed: number;
  readonly count: number;
  readonly isQuiet: boolean;
  readonly stop: AbortSignal;
}

/** Registers them to the gateway's campaigns in turns. False after saying what was wrong. */
export async function registerNumbers({ api, seed, count, isQuiet, stop }: NumbersToRegister): Promise<boolean> {
  const list = await askGateway<CampaignList>(api, 'GET', '/v1/campaigns');
  if (list === undefined || list === null) return false;
  // A campaign that has run out is active nowhere.
  const everywhere = list.campaigns.filter(
    ({ carriers }) => carriers.length > 0 && carriers.every(({ active }) => active),
  );
  if (everywhere.length === 0) throw failed(`--register: ${api} has no campaign that is active at every carrier`);
  const numbers = new SenderNumbers(seed, loadCarrierMap().blocksOf('cpaas'));
  const progress = startProgress('numbers', count, isQuiet);
  let next = 0;
  let isWell = true;
  const registerInTurn = async (): Promise<void> => {
    while (next < count && isWell) {
      stop.throwIfAborted();
      const place = next;
      next += 1;
      const { campaign } = everywhere[place % everywhere.length] ?? { campaign: '' };
      const path = `/v1/numbers/${formatNumber(numbers.registered(place))}`;
      const answer = await askGateway(api, 'PUT', path, { campaign, provisioningDelayMs: 0 });
      isWell &&= answer !== undefined;
      progress.to(next);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, registerInTurn));
  } finally {
    progress.end();
  }
  return isWell;
}
