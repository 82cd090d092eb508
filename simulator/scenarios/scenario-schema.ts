/**
 * The JSON Schema by which editors check and complete scenario files. It is made of the lists that `scenario-file.ts` reads by, so the
 * two cannot disagree; which policies contradict each other it leaves to the reader.
 */
import type { PolicyFacts, PolicyTerms } from '../policy-expression.ts';
import { boundsOf, type Parameter } from './parameter-file.ts';
import { ANY } from './read-number.ts';
import { DAYS_MAX, PRICES, REGIMES, SCENARIO_ID } from './scenario-file.ts';

const SETTINGS = { $ref: '#/definitions/settings' };

/** Draft 7, which is the one that editors of YAML know best. */
export function scenarioSchema({ parameters, policies }: PolicyTerms): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A scenario of the policy lab',
    type: 'object',
    additionalProperties: false,
    required: ['scenario', 'title', 'description', 'start', 'days', 'prices', 'regimes', 'policies'],
    properties: {
      scenario: { type: 'string', pattern: SCENARIO_ID.source, description: 'Its name.' },
      title: { type: 'string', minLength: 1 },
      description: { type: 'string', minLength: 1, description: 'What it is about, for people who read the report.' },
      start: { type: 'string', pattern: String.raw`^\d{4}-\d{2}-\d{2}$`, description: 'First day, YYYY-MM-DD.' },
      days: {
        type: 'integer',
        minimum: 1,
        maximum: DAYS_MAX,
        description: 'How long it runs unless --days says otherwise.',
      },
      prices: { enum: PRICES, description: 'Prices of each simulated day, or those of the first one throughout.' },
      regimes: {
        enum: REGIMES,
        description: 'What carriers did with unregistered traffic on each day, or a higher price throughout.',
      },
      policies: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: { type: 'string', pattern: policyPattern(policies) },
        description: `Compared unless --policies says otherwise, the baseline first. ${told(policies)}`,
      },
      parameters: SETTINGS,
      events: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['day', 'title', 'set'],
          properties: {
            day: { type: 'number', minimum: 0, description: 'Days since the start.' },
            title: { type: 'string', minLength: 1 },
            set: SETTINGS,
          },
        },
        description: 'Other values from a day on.',
      },
    },
    definitions: {
      settings: {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(parameters.map((one) => [one.id, setting(one)])),
        description: 'Values in place of those of simulator/parameters.yaml.',
      },
    },
  };
}

function setting(parameter: Parameter): object {
  const { title, unit, value, low, high, grade, note } = parameter;
  const { min, max } = boundsOf(parameter);
  const description = `${title}. ${value} ${unit}, likely ${low} to ${high}; grade ${grade}.${note === '' ? '' : ` ${note}`}`;
  const bounds = { ...(min > ANY.min && { minimum: min }), ...(max < ANY.max && { maximum: max }) };
  return { type: 'number', ...bounds, description };
}

function policyPattern(policies: readonly PolicyFacts[]): string {
  const names = policies.map(({ id, figure }) => (figure === undefined ? id : String.raw`${id}(=\d+(\.\d+)?)?`));
  const one = String.raw`(${names.join('|')})(@\d{1,6}(\.\d{1,3})?)?`;
  return String.raw`^${one}(\+${one})*$`;
}

function told(policies: readonly PolicyFacts[]): string {
  return policies.map(({ id, sentence }) => `${id}: ${sentence}`).join(' ');
}
