/** A comparison as tables: the rows that CSV and Parquet files hold. Figures are unrounded, money is in micro-dollars. */
import { stringify } from 'csv-stringify/sync';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { MEASURE_IDS, MEASURES, SERIES, SERIES_IDS } from '../measures.ts';
import type { Comparison, Estimate } from '../results.ts';
import { dateOfDay } from './dates.ts';
import { verdictOf } from './difference.ts';

const PARQUET_TYPES = { text: 'STRING', whole: 'INT32', number: 'DOUBLE' } as const;

interface Column {
  readonly name: string;
  readonly type: keyof typeof PARQUET_TYPES;
}

export interface Table {
  /** Of its files, without what they end in. */
  readonly name: string;
  readonly columns: readonly Column[];
  /** NaN is where there was nothing to measure: an empty field of CSV, NULL in Parquet. */
  readonly rows: readonly (readonly (string | number)[])[];
}

const text = (name: string): Column => ({ name, type: 'text' });
const whole = (name: string): Column => ({ name, type: 'whole' });
const number = (name: string): Column => ({ name, type: 'number' });

const ESTIMATE = [number('mean'), number('low'), number('high'), whole('runs')];
const figures = ({ mean, low, high, runs }: Estimate): number[] => [mean, low, high, runs];

export function tablesOf({ policies, baseline, scenario }: Comparison): readonly Table[] {
  return [
    {
      name: 'measures',
      columns: [text('policy'), text('measure'), text('unit'), ...ESTIMATE],
      rows: policies.flatMap(({ policy, measures }) =>
        MEASURE_IDS.map((id) => [policy, id, MEASURES[id].unit, ...figures(measures[id])]),
      ),
    },
    {
      name: 'versus-baseline',
      columns: [text('policy'), text('baseline'), text('measure'), text('unit'), ...ESTIMATE, text('verdict')],
      rows: policies.flatMap(({ policy, versusBaseline }) =>
        policy === baseline
          ? []
          : MEASURE_IDS.map((id) => {
              const difference = versusBaseline[id];
              return [policy, baseline, id, MEASURES[id].unit, ...figures(difference), verdictOf(difference)];
            }),
      ),
    },
    {
      name: 'daily',
      columns: [text('policy'), text('series'), text('unit'), whole('day'), text('date'), ...ESTIMATE],
      rows: policies.flatMap(({ policy, daily }) =>
        SERIES_IDS.flatMap((id) =>
          daily[id].map((estimate, day) => [
            policy,
            id,
            SERIES[id].unit,
            day,
            dateOfDay(scenario.start, day),
            ...figures(estimate),
          ]),
        ),
      ),
    },
    {
      name: 'money',
      columns: [text('policy'), text('payer'), text('payee'), text('cause'), text('truth'), number('micros')],
      rows: policies.flatMap(({ policy, money }) =>
        money.map(({ payer, payee, cause, truth, micros }) => [policy, payer, payee, cause, truth, micros]),
      ),
    },
  ];
}

/** With a heading. */
export function csvOf({ columns, rows }: Table): string {
  return stringify([
    columns.map(({ name }) => name),
    ...rows.map((row) => row.map((value) => (Number.isNaN(value) ? null : value))),
  ]);
}

export function parquetOf({ columns, rows }: Table): Uint8Array {
  const columnData = columns.map(({ name, type }, place) => ({
    name,
    type: PARQUET_TYPES[type],
    nullable: type === 'number',
    data: rows.map((row) => {
      const value = row[place];
      return value === undefined || Number.isNaN(value) ? null : value;
    }),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'tollgate' }));
}
