import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { rulesIn } from './rules.ts';

// Prometheus's own tool, over the files that Prometheus reads.

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

async function promtool(...words: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('promtool', words);
  return stdout + stderr;
}

test('Prometheus takes the configuration, and finds the rules it names', async () => {
  expect(await promtool('check', 'config', pathOf('prometheus.yml'))).toContain('2 rule files found');
});

test('rules do what their tests say', async () => {
  expect(await promtool('test', 'rules', pathOf('rules/rules.test.yml'))).toContain('SUCCESS');
});

interface AlertCase {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

test('every alert is tested', () => {
  const { tests } = parse(readFileSync(pathOf('rules/rules.test.yml'), 'utf8')) as {
    tests: { alert_rule_test?: AlertCase[] }[];
  };
  const cases = tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
  const fired = new Set(cases.filter((one) => one.exp_alerts.length > 0).map(({ alertname }) => alertname));
  const alerts = rulesIn('rules/alerts.yml').flatMap(({ alert }) => alert ?? []);
  expect([...fired].sort()).toEqual(alerts.sort());
});
