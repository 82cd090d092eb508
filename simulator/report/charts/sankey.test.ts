import { expect, test } from 'vitest';
import { comparisonUnderTest } from '../comparison-under-test.ts';
import { moneyPicture, moneySankey } from './sankey.ts';
import type { MoneyFlow } from '../../results.ts';

const [toll, , , , , , closed] = comparisonUnderTest().policies;
const spamOf = (money: readonly MoneyFlow[] = []): MoneyFlow[] => money.filter(({ truth }) => truth === 'spam');

test('no money is lost between payers, causes and payees', () => {
  const flows = spamOf(toll?.money);
  const { nodes, links, total } = moneyPicture(flows, flows, true);
  const sum = flows.reduce((all, { micros }) => all + micros, 0);
  expect(total).toBe(sum);
  for (const role of ['payer', 'cause']) {
    const leaving = links.filter(({ source }) => source.startsWith(`${role} `));
    expect(leaving.reduce((all, { value }) => all + value, 0)).toBeCloseTo(sum, 0);
  }
  for (const { key } of nodes.filter((node) => node.key.startsWith('cause '))) {
    const [into, out] = [
      links.filter(({ target }) => target === key),
      links.filter(({ source }) => source === key),
    ].map((some) => some.reduce((all, { value }) => all + value, 0));
    expect(into).toBeCloseTo(out ?? Number.NaN, 0);
  }
});

test('many small payees become one, and their money stays', () => {
  const flows = Array.from({ length: 40 }, (_, place): MoneyFlow => {
    return { payer: 'brands', payee: `party-${place}`, cause: 'carrier_fee', truth: 'legit', micros: 1_000 - place };
  });
  const { columns, links, total } = moneyPicture(flows, flows, true);
  expect(columns).toEqual([1, 1, 14]);
  const rest = links.find(({ target }) => target === 'payee Everything else');
  expect(rest?.value).toBe(flows.slice(13).reduce((all, { micros }) => all + micros, 0));
  expect(total).toBe(flows.reduce((all, { micros }) => all + micros, 0));
});

test('two pictures have one scale: a dollar is as high in both', () => {
  const flows = [spamOf(toll?.money), spamOf(closed?.money)];
  const order = flows.flat();
  const pictures = flows.map((own) => moneyPicture(own, order, true));
  const largest = Math.max(...pictures.map(({ total }) => total));
  const perDollar = pictures.map((picture) => {
    const { text } = moneySankey(picture, largest, { width: 540, showsPayers: true, reach: 200 }, 'title');
    const [, height] = /class="node"[^>]*height="([\d.]+)"/.exec(text) ?? [];
    return Number(height) / picture.total;
  });
  expect(perDollar[0]! / perDollar[1]!).toBeCloseTo(1, 1);
});
