/**
 * How the campaign registry says no: a JSON array of {code, field, description}, mostly under HTTP 400, also for what is not
 * found. Clients tell cases apart by the code in the body.
 *
 * Codes from 502 on are the real service's, as far as clients of it show them. It has others for a missing or ill-formed
 * field, which nobody published; for those Tollgate uses codes that are HTTP statuses and so cannot be mistaken for one of them.
 */

interface ErrorCode {
  readonly code: number;
  /** HTTP status of an answer that carries it. */
  readonly status: number;
  readonly description: string;
}

export const ERROR_CODES = {
  invalid: { code: 400, status: 400, description: 'A field is missing or has a value that is not allowed' },
  unauthorized: { code: 401, status: 401, description: 'API key or secret is missing or wrong' },
  notAllowed: { code: 403, status: 400, description: 'The operation is not allowed for this party or in this state' },
  noRoute: { code: 404, status: 404, description: 'There is no such operation' },
  bodyTooLarge: { code: 413, status: 413, description: 'The body is too large' },
  unsupportedMedia: { code: 415, status: 415, description: 'The body is of a kind that is not read here' },
  tooManyRequests: { code: 429, status: 429, description: 'Rate limit exceeded' },
  notSimulated: { code: 501, status: 501, description: 'The operation exists in the real service and not in Tollgate' },
  notFound: { code: 502, status: 400, description: 'Not found' },
  duplicate: { code: 503, status: 400, description: 'Duplicate record' },
  campaignRejected: { code: 509, status: 400, description: 'Campaign request is rejected' },
  tooManyCampaigns: { code: 511, status: 400, description: 'Maximum number of campaigns is exceeded' },
  tooManyBrands: { code: 512, status: 400, description: 'Maximum number of brands is exceeded' },
  campaignExpired: { code: 518, status: 400, description: 'Campaign is expired' },
  sharingLoop: { code: 523, status: 400, description: 'A loop is detected in the campaign sharing chain' },
  brandPending: { code: 527, status: 400, description: 'Brand is waiting for its scoring to be completed' },
  countryBlocked: { code: 529, status: 400, description: 'Brands of this country may not be registered' },
  soleProprietorOff: { code: 534, status: 400, description: 'Sole proprietor is not enabled for this account' },
  mockNotShared: { code: 536, status: 400, description: 'A mock campaign may not be shared' },
  internal: { code: 590, status: 400, description: 'Internal system error' },
  temporary: { code: 591, status: 400, description: 'Temporary system error; wait 30 seconds and try again' },
  temporaryLoad: { code: 630, status: 400, description: 'Temporary system error; wait 30 seconds and try again' },
} as const satisfies Record<string, ErrorCode>;

export type ErrorName = keyof typeof ERROR_CODES;

/** One entry of an answer that refuses. */
export interface ApiError {
  readonly code: number;
  readonly field: string | null;
  readonly description: string;
}

/** A request that is refused, with everything that is wrong about it. */
export class Refused extends Error {
  readonly status: number;
  readonly errors: readonly ApiError[];

  constructor(status: number, errors: readonly ApiError[]) {
    super(errors.map((one) => `${one.code} ${one.field ?? ''}: ${one.description}`).join('; '));
    this.status = status;
    this.errors = errors;
  }
}

export function apiError(name: ErrorName, field: string | null, description?: string): ApiError {
  const known = ERROR_CODES[name];
  return { code: known.code, field, description: description ?? known.description };
}

/** A refusal for one reason. */
export function refused(name: ErrorName, field: string | null, description?: string): Refused {
  return new Refused(ERROR_CODES[name].status, [apiError(name, field, description)]);
}
