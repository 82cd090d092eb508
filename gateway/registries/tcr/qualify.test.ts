import { describe, expect, it } from 'vitest';
import type { Brand, Vetting } from './model.ts';
import {
  attClassFor,
  mnoMetadata,
  qualifies,
  scoreOf,
  tmobileTierFor,
  tmobileTierOfBrand,
  tmobileTierOfUseCase,
} from './qualify.ts';
import { USE_CASE_LIST } from './words.ts';

// The published tables, written out by hand: AT&T message classes and T-Mobile brand tiers.

const AT_2024 = Date.UTC(2024, 2, 1);
const AT_2023 = Date.UTC(2023, 2, 1);

function vetting(score: number | null, own: Partial<Vetting> = {}): Vetting {
  return {
    evpId: 'AEGIS',
    vettingId: 'v',
    vettingClass: 'STANDARD',
    vettingStatus: 'ACTIVE',
    vettingScore: score,
    reasons: [],
    createdMs: 0,
    vettedMs: 0,
    ...own,
  };
}

function brand(own: Partial<Brand> & { entityType?: Brand['details']['entityType'] } = {}): Brand {
  const { entityType = 'PRIVATE_PROFIT', ...rest } = own;
  return {
    brandId: 'B000001',
    cspId: 'SDEMO01',
    details: { entityType, displayName: 'Example', country: 'US' },
    referenceId: null,
    tags: [],
    mock: false,
    status: 'ACTIVE',
    identityStatus: 'VERIFIED',
    optionalAttributes: {},
    feedback: [],
    vettings: [],
    isScoring: false,
    submissions: 1,
    createdMs: 0,
    relationshipMs: 0,
    activeCampaigns: [],
    ...rest,
  };
}

const scored = (score: number): Brand => brand({ identityStatus: 'VETTED_VERIFIED', vettings: [vetting(score)] });

const DECLARED = [
  '2FA',
  'ACCOUNT_NOTIFICATION',
  'CUSTOMER_CARE',
  'DELIVERY_NOTIFICATION',
  'FRAUD_ALERT',
  'HIGHER_EDUCATION',
  'POLLING_VOTING',
  'PUBLIC_SERVICE_ANNOUNCEMENT',
  'SECURITY_ALERT',
  'M2M',
];
const MIXED = ['MIXED', 'MARKETING'];

describe('the AT&T class', () => {
  const bands: [from: number, to: number, declared: string, mixed: string][] = [
    [75, 100, 'A', 'B'],
    [50, 74, 'C', 'D'],
    [0, 49, 'E', 'F'],
  ];
  it.each(bands)(
    'of scores %i to %i is %s for a declared use case and %s for mixed or marketing',
    (from, to, declared, mixed) => {
      for (let score = from; score <= to; score += 1) {
        for (const usecase of DECLARED)
          expect([score, usecase, attClassFor(scored(score), usecase)]).toEqual([score, usecase, declared]);
        for (const usecase of MIXED)
          expect([score, usecase, attClassFor(scored(score), usecase)]).toEqual([score, usecase, mixed]);
      }
    },
  );

  it('of a brand that is verified and not vetted is the lowest', () => {
    expect(DECLARED.map((usecase) => attClassFor(brand(), usecase))).toEqual(DECLARED.map(() => 'E'));
    expect(MIXED.map((usecase) => attClassFor(brand(), usecase))).toEqual(['F', 'F']);
  });

  it('of a Russell 3000 company and of a verified government is the highest', () => {
    for (const high of [
      brand({ optionalAttributes: { russell3000: true } }),
      brand({ entityType: 'GOVERNMENT', optionalAttributes: { governmentEntity: true } }),
    ]) {
      expect([attClassFor(high, '2FA'), attClassFor(high, 'MIXED')]).toEqual(['A', 'B']);
    }
    expect(attClassFor(brand({ entityType: 'GOVERNMENT', identityStatus: 'UNVERIFIED' }), '2FA')).toBe('E');
  });

  it.each([
    ['LOW_VOLUME', 'T'],
    ['UCAAS_LOW', 'T'],
    ['SOLE_PROPRIETOR', 'W'],
    ['POLITICAL', 'K'],
    ['CHARITY', 'P'],
    ['SOCIAL', 'S'],
    ['EMERGENCY', 'X'],
    ['PROXY', 'G'],
    ['AGENTS_FRANCHISES', 'N'],
    ['K12_EDUCATION', 'Y'],
    ['TRIAL', 'Z'],
  ])('of %s is %s whatever the score', (usecase, letter) => {
    for (const one of [brand(), scored(1), scored(100)]) expect(attClassFor(one, usecase)).toBe(letter);
  });

  it('goes by score for use cases of no class of their own', () => {
    const without = USE_CASE_LIST.map(({ code }) => code).filter(
      (code) =>
        ![...DECLARED, ...MIXED].includes(code) && attClassFor(scored(80), code) !== attClassFor(scored(60), code),
    );
    expect(without).toEqual(['SWEEPSTAKE', 'CARRIER_EXEMPT', 'UCAAS_HIGH']);
    expect(without.map((code) => attClassFor(scored(80), code))).toEqual(['A', 'A', 'A']);
  });

  const figures: [usecase: string, score: number, letter: string, tpm: number, mmsTpm: number, scope: string][] = [
    ['2FA', 75, 'A', 4_500, 2_400, 'CAMPAIGN'],
    ['MIXED', 75, 'B', 4_500, 2_400, 'CAMPAIGN'],
    ['2FA', 50, 'C', 2_400, 1_200, 'CAMPAIGN'],
    ['MIXED', 50, 'D', 2_400, 1_200, 'CAMPAIGN'],
    ['2FA', 49, 'E', 240, 150, 'CAMPAIGN'],
    ['MIXED', 49, 'F', 240, 150, 'CAMPAIGN'],
    ['LOW_VOLUME', 100, 'T', 75, 50, 'CAMPAIGN'],
    ['SOLE_PROPRIETOR', 0, 'W', 15, 50, 'CAMPAIGN'],
    ['POLITICAL', 0, 'K', 4_500, 2_400, 'CAMPAIGN'],
    ['CHARITY', 0, 'P', 2_400, 1_200, 'CAMPAIGN'],
    ['SOCIAL', 0, 'S', 9_000, 2_400, 'CAMPAIGN'],
    ['EMERGENCY', 0, 'X', 4_500, 2_400, 'CAMPAIGN'],
    ['PROXY', 0, 'G', 60, 50, 'NUMBER'],
    ['AGENTS_FRANCHISES', 0, 'N', 60, 50, 'NUMBER'],
    ['K12_EDUCATION', 0, 'Y', 720, 50, 'NUMBER'],
    ['TRIAL', 0, 'Z', 60, 50, 'CAMPAIGN'],
  ];
  it.each(figures)(
    'of %s with a score of %i is class %s with its rates',
    (usecase, score, msgClass, tpm, mmsTpm, tpmScope) => {
      expect(mnoMetadata({ brand: scored(score), usecase }, AT_2024)[10017]).toMatchObject({
        msgClass,
        tpm,
        mmsTpm,
        tpmScope,
      });
    },
  );

  it('had 50 MMS a minute for every class before October 2023', () => {
    for (const { code: usecase } of USE_CASE_LIST) {
      expect(mnoMetadata({ brand: scored(80), usecase }, AT_2023)[10017]?.mmsTpm).toBe(50);
    }
  });
});

describe('the T-Mobile tier', () => {
  const bands: [from: number, to: number, tier: string, cap: number][] = [
    [75, 100, 'TOP', 200_000],
    [50, 74, 'UPPER_MID', 40_000],
    [25, 49, 'LOWER_MID', 10_000],
    [0, 24, 'LOW', 2_000],
  ];
  it.each(bands)('of scores %i to %i is %s with %i a day', (from, to, brandTier, brandDailyCap) => {
    for (let score = from; score <= to; score += 1) {
      const shown = mnoMetadata({ brand: scored(score), usecase: '2FA' }, AT_2024)[10035];
      expect([score, shown?.brandTier, shown?.brandDailyCap]).toEqual([score, brandTier, brandDailyCap]);
    }
  });

  it('of an unvetted brand is LOW, of a Russell 3000 company TOP, of a sole proprietor 1,000 a day', () => {
    expect(tmobileTierFor(brand())).toBe('LOW');
    expect(tmobileTierFor(brand({ optionalAttributes: { russell3000: true } }))).toBe('TOP');
    const sole = brand({ entityType: 'SOLE_PROPRIETOR', identityStatus: 'SELF_DECLARED' });
    expect(mnoMetadata({ brand: sole, usecase: 'SOLE_PROPRIETOR' }, AT_2024)[10035]).toMatchObject({
      brandTier: 'SOLE_PROPRIETOR',
      brandDailyCap: 1_000,
    });
  });

  it('has no cap for a verified government, and for section 527 with a Campaign Verify token', () => {
    const government = brand({ entityType: 'GOVERNMENT', optionalAttributes: { governmentEntity: true } });
    expect(mnoMetadata({ brand: government, usecase: '2FA' }, AT_2024)[10035]).toMatchObject({
      brandTier: 'UNCAPPED',
      brandDailyCap: null,
    });
    const claims = { optionalAttributes: { section527: true }, entityType: 'NON_PROFIT' } as const;
    expect(tmobileTierFor(brand(claims))).toBe('LOW');
    expect(
      tmobileTierFor(brand({ ...claims, vettings: [vetting(null, { evpId: 'CV', vettingClass: 'POLITICAL' })] })),
    ).toBe('UNCAPPED');
  });

  it('of a LOW_VOLUME campaign is LOW, and of a brand that has nothing else', () => {
    expect(tmobileTierOfUseCase(scored(90), 'LOW_VOLUME')).toBe('LOW');
    expect(tmobileTierOfBrand(scored(90), ['LOW_VOLUME', 'LOW_VOLUME'])).toBe('LOW');
    expect(tmobileTierOfBrand(scored(90), ['LOW_VOLUME', '2FA'])).toBe('TOP');
    expect(tmobileTierOfBrand(scored(90), [])).toBe('TOP');
  });
});

describe('the score', () => {
  it('is that of the newest finished vetting, even if it is lower', () => {
    expect(scoreOf(brand({ vettings: [vetting(90), vetting(40)] }))).toBe(40);
    expect(scoreOf(brand({ vettings: [vetting(40), vetting(null, { vettingStatus: 'PENDING' })] }))).toBe(40);
    expect(scoreOf(brand({ vettings: [vetting(40), vetting(null, { vettingStatus: 'FAILED' })] }))).toBe(40);
    expect(scoreOf(brand({ vettings: [vetting(null, { vettingClass: 'POLITICAL' })] }))).toBeUndefined();
  });
});

describe('a brand qualifies', () => {
  const allowed = (one: Brand): string[] =>
    USE_CASE_LIST.map(({ code }) => code).filter((code) => qualifies(one, code));

  it('for nothing while it is unverified', () => {
    expect(allowed(brand({ identityStatus: 'UNVERIFIED' }))).toEqual([]);
  });

  it('as a sole proprietor for that use case alone, and no other brand for it', () => {
    expect(allowed(brand({ entityType: 'SOLE_PROPRIETOR', identityStatus: 'SELF_DECLARED' }))).toEqual([
      'SOLE_PROPRIETOR',
    ]);
    expect(allowed(brand())).not.toContain('SOLE_PROPRIETOR');
  });

  it('for CHARITY as a 501c3, for POLITICAL with a political vetting or as another 501c', () => {
    expect(allowed(brand())).not.toContain('CHARITY');
    expect(allowed(brand())).not.toContain('POLITICAL');
    expect(allowed(brand({ optionalAttributes: { taxExemptStatus: '501c3' } }))).toContain('CHARITY');
    expect(allowed(brand({ optionalAttributes: { taxExemptStatus: '501c4' } }))).toContain('POLITICAL');
    expect(allowed(brand({ vettings: [vetting(null, { vettingClass: 'POLITICAL' })] }))).toContain('POLITICAL');
  });

  it('for all others when it is verified, some of them after a look by the carriers', () => {
    const own = ['SOLE_PROPRIETOR', 'CHARITY', 'POLITICAL', 'TRIAL'];
    const verified = brand();
    expect(allowed(verified)).toEqual(USE_CASE_LIST.map(({ code }) => code).filter((code) => !own.includes(code)));
    const reviewed = allowed(verified).filter(
      (usecase) => mnoMetadata({ brand: verified, usecase }, AT_2024)[10017]?.mnoReview,
    );
    expect(reviewed).toEqual([
      'K12_EDUCATION',
      'PROXY',
      'SOCIAL',
      'SWEEPSTAKE',
      'CARRIER_EXEMPT',
      'UCAAS_HIGH',
      'UCAAS_LOW',
      'EMERGENCY',
      'AGENTS_FRANCHISES',
    ]);
  });

  it('with a number pool after a look by T-Mobile', () => {
    const pooled = mnoMetadata({ brand: brand(), usecase: '2FA', numberPool: true }, AT_2024);
    expect([pooled[10017]?.mnoReview, pooled[10035]?.mnoReview]).toEqual([false, true]);
  });
});
