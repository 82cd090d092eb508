/**
 * What carriers grant: vetting score, use case and entity -> AT&T message class and T-Mobile brand tier, and the
 * requirements of each MNO. Pure; the tables of rates are those of `tariffs`.
 *
 * Score bounds (75, 50, 25): Telnyx, Bandwidth and Infobip agree; a list of 2021 differs by one. A use case of no published
 * AT&T class (SWEEPSTAKE, CARRIER_EXEMPT, UCAAS_HIGH) goes by score like a declared one; UCAAS_LOW goes like LOW_VOLUME.
 */
import { ATT_CLASSES, attClassOf, attMmsTpm, attSmsTpm, TMOBILE_TIERS, tmobileTierOf } from '../../../tariffs/index.ts';
import type { Brand, Campaign, Vetting } from './model.ts';
import { type Mno, MNOS, useCaseOf } from './words.ts';

const SCORE_HIGH = 75;
const SCORE_MIDDLE = 50;
const SCORE_LOWER = 25;

const ATT_SPECIAL: Readonly<Record<string, string>> = {
  LOW_VOLUME: 'T',
  UCAAS_LOW: 'T',
  SOLE_PROPRIETOR: 'W',
  POLITICAL: 'K',
  CHARITY: 'P',
  SOCIAL: 'S',
  EMERGENCY: 'X',
  PROXY: 'G',
  AGENTS_FRANCHISES: 'N',
  K12_EDUCATION: 'Y',
  TRIAL: 'Z',
};
/** Use cases of the second letter of each pair of classes. */
const MIXED_CLASS: readonly string[] = ['MIXED', 'MARKETING'];

const isVetted = (vetting: Vetting): boolean =>
  vetting.vettingStatus === 'ACTIVE' && (vetting.vettingClass === 'STANDARD' || vetting.vettingClass === 'ENHANCED');

/** Score of the newest standard or enhanced vetting, which may be lower than one before; undefined without any. */
export function scoreOf(brand: Brand): number | undefined {
  return brand.vettings.findLast(isVetted)?.vettingScore ?? undefined;
}

function hasPoliticalVetting(brand: Brand): boolean {
  return brand.vettings.some(
    ({ vettingStatus, vettingClass }) => vettingStatus === 'ACTIVE' && vettingClass === 'POLITICAL',
  );
}

function isVerified(brand: Brand): boolean {
  return brand.identityStatus === 'VERIFIED' || brand.identityStatus === 'VETTED_VERIFIED';
}

const isGovernment = (brand: Brand): boolean =>
  isVerified(brand) &&
  (brand.details.entityType === 'GOVERNMENT' || brand.optionalAttributes['governmentEntity'] === true);

/** Letter of the AT&T message class of a use case of this brand. */
export function attClassFor(brand: Brand, usecase: string): string {
  const special = ATT_SPECIAL[usecase];
  if (special !== undefined) return special;
  const isMixed = MIXED_CLASS.includes(usecase);
  const score = scoreOf(brand) ?? 0;
  if (score >= SCORE_HIGH || brand.optionalAttributes['russell3000'] === true || isGovernment(brand)) {
    return isMixed ? 'B' : 'A';
  }
  if (score >= SCORE_MIDDLE) return isMixed ? 'D' : 'C';
  return isMixed ? 'F' : 'E';
}

/** Name of the T-Mobile tier of a brand that has campaigns of other use cases than LOW_VOLUME. */
export function tmobileTierFor(brand: Brand): string {
  if (brand.tierOverride !== undefined) return brand.tierOverride;
  const { entityType } = brand.details;
  if (entityType === 'SOLE_PROPRIETOR') return 'SOLE_PROPRIETOR';
  if (isGovernment(brand)) return 'UNCAPPED';
  if (brand.optionalAttributes['section527'] === true && hasPoliticalVetting(brand)) return 'UNCAPPED';
  if (brand.optionalAttributes['russell3000'] === true) return 'TOP';
  const score = scoreOf(brand) ?? 0;
  if (score >= SCORE_HIGH) return 'TOP';
  if (score >= SCORE_MIDDLE) return 'UPPER_MID';
  if (score >= SCORE_LOWER) return 'LOWER_MID';
  return 'LOW';
}

/** The tier that one campaign is shown with: LOW_VOLUME gets the lowest whatever the brand's score. */
export function tmobileTierOfUseCase(brand: Brand, usecase: string): string {
  if (brand.tierOverride === undefined && ATT_SPECIAL[usecase] === 'T') return 'LOW';
  return tmobileTierFor(brand);
}

/**
 * The tier that binds the brand as a whole. T-Mobile counts per brand over all campaigns, so a brand with LOW_VOLUME
 * campaigns only is held to LOW, and any other campaign lifts it to its own tier.
 */
export function tmobileTierOfBrand(brand: Brand, usecases: readonly string[]): string {
  const isLowVolume = usecases.length > 0 && usecases.every((usecase) => ATT_SPECIAL[usecase] === 'T');
  return isLowVolume ? tmobileTierOfUseCase(brand, 'LOW_VOLUME') : tmobileTierFor(brand);
}

/** Whether a brand may run a use case at all. */
export function qualifies(brand: Brand, usecase: string): boolean {
  const { taxExemptStatus } = brand.optionalAttributes;
  if (brand.details.entityType === 'SOLE_PROPRIETOR') return usecase === 'SOLE_PROPRIETOR';
  if (usecase === 'SOLE_PROPRIETOR' || !isVerified(brand)) return false;
  switch (usecase) {
    case 'CHARITY':
      return taxExemptStatus === '501c3';
    case 'POLITICAL':
      return hasPoliticalVetting(brand) || /^501c[456]$/.test(String(taxExemptStatus));
    case 'TRIAL':
      return false; // Of a brand that the registry itself hands out to a free-trial programme.
    default:
      return true;
  }
}

/** One MNO's part of `mnoMetadata`. */
export interface MnoMetadata {
  readonly mno: string;
  readonly qualify: boolean;
  readonly mnoSupport: boolean;
  readonly mnoReview: boolean;
  readonly minMsgSamples: number;
  readonly reqSubscriberOptin: boolean;
  readonly reqSubscriberOptout: boolean;
  readonly reqSubscriberHelp: boolean;
  readonly noEmbeddedLink: boolean;
  readonly noEmbeddedPhone: boolean;
  readonly msgClass?: string;
  readonly tpm?: number;
  readonly mmsTpm?: number;
  readonly tpmScope?: string;
  readonly brandTier?: string;
  /** Null where there is no cap. */
  readonly brandDailyCap?: number | null;
}

/** By MNO id, as its key is written in JSON. */
export type MnoMetadataMap = Readonly<Record<string, MnoMetadata>>;

interface Asked {
  readonly brand: Brand;
  readonly usecase: string;
  readonly numberPool?: boolean;
  readonly classOverride?: string | undefined;
}

/** `mnoMetadata` of a use case, or of a campaign if its own settings are given. MMS rates are those of the tariff date. */
export function mnoMetadata(asked: Asked, tariffDateMs: number): MnoMetadataMap {
  return Object.fromEntries(MNOS.map((mno) => [String(mno.id), metadataAt(mno, asked, tariffDateMs)]));
}

function metadataAt(mno: Mno, asked: Asked, tariffDateMs: number): MnoMetadata {
  const { brand, usecase, numberPool = false } = asked;
  const isAtt = mno.id === 10017;
  const isTmobile = mno.id === 10035;
  const review = useCaseOf(usecase)?.mnoReview ?? false;
  const letter = asked.classOverride ?? attClassFor(brand, usecase);
  return {
    mno: mno.name,
    qualify: qualifies(brand, usecase),
    mnoSupport: true,
    mnoReview: review || (isTmobile && numberPool),
    minMsgSamples: isAtt && MIXED_CLASS.includes(usecase) ? 2 : 1,
    reqSubscriberOptin: isAtt || isTmobile,
    reqSubscriberOptout: isAtt,
    reqSubscriberHelp: isAtt || isTmobile,
    noEmbeddedLink: false,
    noEmbeddedPhone: false,
    ...(isAtt && attTerms(letter, tariffDateMs)),
    ...(isTmobile && tmobileTerms(tmobileTierOfUseCase(brand, usecase))),
  };
}

function attTerms(letter: string, tariffDateMs: number): Partial<MnoMetadata> {
  const index = attClassOf(letter);
  const found = ATT_CLASSES[index];
  if (found === undefined) throw new RangeError(`no AT&T class ${letter}`);
  return {
    msgClass: letter,
    tpm: attSmsTpm(index, { pricedAtMs: tariffDateMs }),
    mmsTpm: attMmsTpm(index, { pricedAtMs: tariffDateMs }),
    tpmScope: found.scope.toUpperCase(),
  };
}

function tmobileTerms(tier: string): Partial<MnoMetadata> {
  const found = TMOBILE_TIERS[tmobileTierOf(tier)];
  if (found === undefined) throw new RangeError(`no T-Mobile tier ${tier}`);
  return { brandTier: tier, brandDailyCap: Number.isFinite(found.dailyCap) ? found.dailyCap : null };
}

/** What an MNO asks for that a campaign lacks; empty when it takes it. */
export function unmet(
  terms: MnoMetadata,
  campaign: Pick<Campaign, 'flags' | 'details'>,
): readonly { field: string; needs: string }[] {
  const { flags, details } = campaign;
  const samples = [details.sample1, details.sample2, details.sample3, details.sample4, details.sample5];
  const given = samples.filter((sample) => sample !== undefined).length;
  const missing: { field: string; needs: string }[] = [];
  if (given < terms.minMsgSamples) {
    missing.push({
      field: `sample${given + 1}`,
      needs: `${terms.mno} asks for ${terms.minMsgSamples} message samples`,
    });
  }
  const wanted = [
    ['subscriberOptin', terms.reqSubscriberOptin],
    ['subscriberOptout', terms.reqSubscriberOptout],
    ['subscriberHelp', terms.reqSubscriberHelp],
  ] as const;
  for (const [field, isWanted] of wanted) {
    if (isWanted && !flags[field]) missing.push({ field, needs: `${terms.mno} asks for it to be true` });
  }
  return missing;
}
