/** The DCAs: who may write numbers, how each signs in, and by which NNIDs the carriers know it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { NNIDS_PER_DCA_MAX } from './limits.ts';

/** A direct connect aggregator, as the operator names it. */
export interface DcaOptions {
  /** Short code, as in a campaign's record. */
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Six digits each; the first is taken where an order names none. */
  readonly nnids: readonly string[];
}

/** The same without what must not be shown. */
export interface Dca {
  readonly id: string;
  readonly name: string;
  readonly nnids: readonly string[];
}

interface Credentials {
  readonly dca: Dca;
  readonly digest: Buffer;
}

export class Dcas {
  readonly all: readonly Dca[];
  readonly #credentials: readonly Credentials[];

  /** Throws RangeError for a DCA without NNIDs or with too many, and for an NNID that is not six digits or has two holders. */
  constructor(dcas: readonly DcaOptions[]) {
    const nnids = dcas.flatMap((one) => one.nnids);
    const bad = nnids.find((nnid, index) => !/^\d{6}$/.test(nnid) || nnids.indexOf(nnid) !== index);
    if (bad !== undefined) throw new RangeError(`NNID ${bad} must be six digits and belong to one DCA`);
    const crowd = dcas.find((one) => one.nnids.length === 0 || one.nnids.length > NNIDS_PER_DCA_MAX);
    if (crowd !== undefined) throw new RangeError(`DCA ${crowd.id} needs from 1 to ${NNIDS_PER_DCA_MAX} NNIDs`);
    this.#credentials = dcas.map(({ id, name, nnids: own, apiKey, apiSecret }) => ({
      dca: { id, name, nnids: own },
      digest: digestOf(`${apiKey}:${apiSecret}`),
    }));
    this.all = this.#credentials.map(({ dca }) => dca);
  }

  /** The DCA behind an Authorization header. Takes as long for a wrong one as for a right one. */
  authenticate(authorization: string | undefined): Dca | undefined {
    const [, encoded = ''] = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '') ?? [];
    const given = digestOf(Buffer.from(encoded, 'base64').toString('utf8'));
    let found: Dca | undefined;
    for (const { dca, digest } of this.#credentials) {
      if (timingSafeEqual(digest, given)) found = dca;
    }
    return found;
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
