import { expect, test } from 'vitest';
import { BRAND, linesOf, NORTH, openNnsrUnderTest, SOUTH } from './nnsr-under-test.ts';

// What this side of the world must never show: a brand, a secret, or a number that was removed.

test('no answer and no log names a brand or a secret; a removed number is nowhere, and no log has a whole number', async () => {
  const nnsr = await openNnsrUnderTest();
  const path = '/nnsr/v1/numbers/+12125550123';
  const seen: string[] = [];
  const ask = async (...of: Parameters<typeof nnsr.ask>): Promise<void> => {
    const { text, headers } = await nnsr.ask(...of);
    seen.push(text, JSON.stringify(headers));
  };
  const upload = async (...of: Parameters<typeof nnsr.upload>): Promise<string> => {
    const { payload, headers } = await nnsr.upload(...of);
    seen.push(payload, JSON.stringify(headers));
    return String(headers['nnsr-job']);
  };
  await ask(NORTH, 'PUT', path, { campaignId: 'CNORTH1' });
  await ask(NORTH, 'PUT', path, { campaignId: 'CEXPIR1' });
  await ask(SOUTH, 'PUT', path, { campaignId: 'CSOUTH1' });
  for (const dca of [NORTH, SOUTH]) {
    for (const url of [
      path,
      '/nnsr/v1/notices',
      '/nnsr/v1/nnids',
      '/nnsr/v1/campaigns/CNORTH1',
      '/v1/registry/provisioning',
    ]) {
      await ask(dca, 'GET', url);
    }
  }
  const line = '{"number":"2125550123","campaignId":"CEXPIR1"}\n';
  const wrong = '{"number":"2125550123","campaignId":"CNORTH1","nnid":"104901"}\n2125550123 is mine\n';
  const jobs = [
    await upload(SOUTH, line + wrong),
    await upload(SOUTH, `number,campaignId\n2125550123,CEXPIR1\n"2125550123,C\n`, { type: 'text/csv' }),
    await upload(SOUTH, '{"number":"2125550123","action":"remove"}\n', { query: '?async=true' }),
  ];
  await upload(SOUTH, '2125550123,CSOUTH1\n', { type: 'text/csv' });
  nnsr.storeLastsFor(0);
  await ask(NORTH, 'PUT', path, { campaignId: 'CNORTH1' });
  nnsr.storeLastsFor(Infinity);

  const after: string[] = [];
  for (const dca of [NORTH, SOUTH]) {
    for (const url of [
      path,
      '/nnsr/v1/notices',
      ...jobs.flatMap((job) => [`/nnsr/v1/bulk/${job}`, `/nnsr/v1/bulk/${job}/errors`]),
    ]) {
      const { text, status } = await nnsr.ask(dca, 'GET', url);
      if (url === path) expect(status).toBe(404);
      after.push(text);
    }
  }
  const everything = [...seen, ...after, nnsr.log()].join('\n');
  expect(nnsr.log()).toContain('bulk upload ended');
  const words = [BRAND.id, BRAND.name, '"brand"', NORTH.apiSecret, SOUTH.apiSecret];
  expect(words.filter((word) => everything.includes(word))).toEqual([]);
  for (const text of [...after, nnsr.log()]) expect(text).not.toMatch(/2125550123|5550123/);
  expect(linesOf(after.join('\n').replaceAll(/^\{.*"problem.*$/gm, '')).length).toBeGreaterThan(4);
  expect(await nnsr.store.read([2125550123])).toEqual([undefined]);
  await nnsr.close();
});
