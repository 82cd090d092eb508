import axeCore from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser } from '../../scripts/browser.ts';
import { ControlledClock } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { readOptions, type ServeOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';
import { startDemo } from './demo.ts';

// The page as people use it: in a real browser, before a real gateway under demo traffic.

const WIDE = { viewport: { width: 1280, height: 900 } };
const SOON_MS = 20_000;
/** Other files are tested at the same time. */
const TEST_MS = 120_000;
vi.setConfig({ testTimeout: TEST_MS });

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
});

interface Demo {
  readonly gateway: Gateway;
  /** What the page complained of: errors of its script, and what its policy refused. */
  readonly complaints: string[];
  readonly open: (hash?: string, context?: BrowserContextOptions) => Promise<Page>;
  readonly close: () => Promise<void>;
}

async function openDemo(own: Partial<ServeOptions> = {}): Promise<Demo> {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent', rate: '100' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const options = { ...read.options, demo: true, ...own };
  const log = createLog('silent');
  const time = new ControlledClock();
  const gateway = await openGateway({ options, world: loadWorld(options), clock: time, timers: time, log });
  const stopDemo = options.demo ? await startDemo(gateway, options, log, time) : () => undefined;
  const close = async (): Promise<void> => {
    stopDemo();
    await gateway.close(0);
  };
  closing.push(close);
  const complaints: string[] = [];
  const open = async (hash = '', context: BrowserContextOptions = WIDE): Promise<Page> => {
    const opened = await browser.newContext(context);
    closing.push(() => opened.close());
    const page = await opened.newPage();
    page.setDefaultTimeout(SOON_MS);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${gateway.url}/${hash}`);
    return page;
  };
  return { gateway, complaints, open, close };
}

/** What axe finds wrong with a page as it stands, by rule and place. */
async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeCore.source);
  return page.evaluate(async () => {
    interface Found {
      violations: { id: string; nodes: { html: string }[] }[];
    }
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<Found> } }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
  });
}

/** How much spam from unregistered numbers reached handsets in the last ten seconds, as the page says it. */
async function landedLately(page: Page): Promise<number> {
  const said = /reached handsets, ([\d,]+) from/.exec(await page.locator('.recent').innerText());
  return Number(said?.[1]?.replaceAll(',', '') ?? 0);
}

describe('a newcomer', () => {
  test('sees spam land, learns why one passed and who was paid, cannot trace its sender, and stops it', async () => {
    const { complaints, open } = await openDemo();
    const page = await open();
    await page.getByText('The registry did not stop it').waitFor();
    await page.locator('.flow .ribbon[data-class=unregistered]').first().waitFor();

    // One spam message that landed.
    await page.getByRole('link', { name: 'Search all messages' }).click();
    await page.getByLabel('What it really is').selectOption('spam');
    await page.getByLabel('Number was').selectOption('unregistered');
    await page.getByLabel('Carrier').selectOption('att');
    await page.getByLabel('The phone').selectOption('delivered');
    await page.locator('.messages tbody tr:has([data-class=unregistered]):has([data-truth=spam])').first().waitFor();
    await page.locator('.messages tbody a').first().click();
    await page.getByRole('heading', { name: 'Why it passed' }).waitFor();
    expect(await page.locator('.message .steps').innerText()).toMatch(
      /is in no registry: unregistered[^]*AT&T does not refuse it, it charges \$[\d.]+ more/,
    );
    const surcharge = page.locator('.message tr[data-cause=unregistered_surcharge]');
    expect(await surcharge.innerText()).toMatch(/AT&T\s+unregistered surcharge\s+\$0\.\d+/);

    // A number that is registered now, unregistered: who is behind it?
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    await page.getByLabel('What it really is').selectOption('legit');
    await page.getByLabel('Number was').selectOption('registered');
    await page.locator('.messages tbody tr:has([data-class=registered]):has([data-truth=legit])').first().waitFor();
    await page.locator('.messages tbody a').first().click();
    await page.locator('.message a[href^="#registry/"]').click();
    await page.getByRole('button', { name: /^Unregister/ }).click();
    await page.locator('.badge', { hasText: 'not in registry' }).waitFor();
    await page.getByRole('button', { name: 'Trace it' }).click();
    await page.locator('.badge', { hasText: 'broken' }).waitFor();
    expect(await page.locator('.steps').innerText()).toContain('current view only');

    // Blocking stops it.
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    const before = await landedLately(page);
    expect(before).toBeGreaterThan(20);
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('Every unregistered A2P message is refused').waitFor();
    await page.locator('.flow [data-node=blocked]').first().waitFor();
    // What is left goes as P2P, which no regime rules.
    await expect.poll(() => landedLately(page), { timeout: 40_000, interval: 500 }).toBeLessThan(before / 2);
    expect(complaints).toEqual([]);
  });
});

describe('the console', () => {
  test.each(['light', 'dark'] as const)('leaves axe nothing to say, in any view, %s', async (colorScheme) => {
    const { gateway, complaints, open } = await openDemo();
    const page = await open('', { ...WIDE, colorScheme });
    await page.locator('.flow .ribbon').first().waitFor();
    await page.locator('.messages tbody tr').first().waitFor();
    expect(await axe(page)).toEqual([]);
    const id = gateway.store.idAt((gateway.store.nextSequence - 1) % gateway.store.capacity);
    for (const hash of [`#messages/${id}`, '#registry/+12125550100', '#controls', '#sandboxes']) {
      await page.goto(`${gateway.url}/${hash}`);
      await page.locator('main .card').nth(0).waitFor();
      await page.waitForTimeout(400);
      expect([hash, await axe(page)]).toEqual([hash, []]);
    }
    expect(complaints).toEqual([]);
  });

  test('fits a narrow screen: nothing but tables and the picture scrolls sideways', async () => {
    const { gateway, open } = await openDemo();
    const page = await open('', { viewport: { width: 360, height: 740 } });
    for (const hash of ['#live', '#messages', '#registry/+12125550100', '#controls', '#sandboxes']) {
      await page.goto(`${gateway.url}/${hash}`);
      await page.locator('main .card').nth(0).waitFor();
      await page.waitForTimeout(400);
      const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([hash, excess]).toEqual([hash, 0]);
    }
  });

  test('works by keyboard alone', async () => {
    const { gateway, open } = await openDemo({ demo: false });
    const page = await open();
    await page.getByText('Waiting for traffic', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
    for (let presses = 0; (await focused()) !== 'Block' && presses < 30; presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByText('Every unregistered A2P message is refused').waitFor();
    expect(gateway.core.regimes.isOverridden(0)).toBe(true);
  });

  test('shows hostile texts and names as text', async () => {
    const { gateway, complaints, open } = await openDemo({ demo: false });
    const payloads = [
      '<img src=x onerror="window.hit=1">',
      '"><svg/onload=window.hit=2>',
      '</title><script>window.hit=3</script>',
      'javascript:window.hit=4',
      '{{constructor.constructor("window.hit=5")()}}',
    ];
    for (const text of payloads) {
      const body = { from: '+12125550199', to: '+12019161000', text, reference: text, truth: 'spam' };
      const answer = await gateway.app.inject({ method: 'POST', url: '/v1/messages', payload: body });
      expect(answer.statusCode).toBe(202);
    }
    const page = await open('#messages');
    await page.getByText('Messages, newest first').waitFor();
    for (const text of payloads) await page.locator('.messages a', { hasText: text }).waitFor();
    await page.locator('.messages a', { hasText: payloads[0]! }).click();
    expect(await page.locator('blockquote').innerText()).toBe(payloads[0]);
    await page.route('**/v1/trace?**', (route) =>
      route.fulfill({
        json: {
          number: '+12125550199',
          outcome: 'traced',
          chain: [{ link: 'campaign_to_brand', state: 'found', found: { brand: payloads[0], name: payloads[1] } }],
        },
      }),
    );
    await page.goto(`${gateway.url}/#registry/+12125550199`);
    await page.getByRole('button', { name: 'Trace it' }).click();
    await page.locator('.steps', { hasText: payloads[0]! }).waitFor();
    // What a hostile address names is a view of no number, shown as text too.
    await page.goto(`${gateway.url}/#registry/${encodeURIComponent(payloads[0]!)}`);
    await page.locator('.wrong').waitFor();
    expect(await page.evaluate(() => (globalThis as { hit?: number }).hit)).toBeUndefined();
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  test('changes nothing for who is not the admin, and everything once signed in', async () => {
    const { gateway, open } = await openDemo({ demo: false, adminUser: 'ada', adminPassword: 'lovelace' });
    const page = await open();
    const block = page.getByRole('button', { name: 'Block', exact: true });
    await page.getByRole('button', { name: 'Read-only: sign in' }).click();
    expect(await block.isDisabled()).toBe(true);
    await page.getByLabel('Admin name').fill('ada');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the admin’s name and password.').waitFor();
    await page.getByLabel('Password').fill('lovelace');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await block.click();
    await page.getByText('Every unregistered A2P message is refused').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await block.isDisabled()).toBe(true);
    expect(gateway.core.regimes.isOverridden(0)).toBe(true);
  });

  test('says that it hears nothing, keeps what it knew, and goes on with the gateway that comes back', async () => {
    const first = await openDemo();
    const page = await first.open();
    await page.getByText('The registry did not stop it').waitFor();
    await first.close();
    await page.getByText('Connection lost, retrying').waitFor();
    expect(await page.locator('.headline').innerText()).toContain('The registry did not stop it');
    await openDemo({ demo: false, port: Number(new URL(first.gateway.url).port) });
    await page.getByText('Waiting for traffic', { exact: true }).waitFor();
    expect(await page.locator('.headline').innerText()).toBe('Waiting for traffic: no message has been sent yet.');
  });

  test('turns faults, tariffs, time and sandboxes', async () => {
    const { gateway, open } = await openDemo({ demo: false });
    const page = await open('#controls');
    await page.getByRole('button', { name: 'Fail for a minute' }).click();
    await page.getByText('console-outage-all').waitFor();
    await page.getByRole('button', { name: 'Take console-outage-all away' }).click();
    await page.getByText('Nothing fails on purpose.').waitFor();
    await page.getByRole('button', { name: /^Use What if the surcharge/ }).click();
    await page.locator('tr:has-text("What if the surcharge") .badge').waitFor();
    expect(gateway.core.books[gateway.core.book]!.book).toBe('what-if-double-surcharge');
    await page.getByRole('button', { name: 'Stands' }).click();
    await page.getByRole('button', { name: '+ 1 h' }).click();
    await page.locator('.card', { hasText: 'Time' }).getByText('frozen', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Sandboxes' }).click();
    await page.getByRole('button', { name: 'Open a sandbox' }).click();
    await page.getByText('is open. Send to').waitFor();
    expect(gateway.sandboxes!.all.length).toBe(1);
    await page.locator('.rows a').first().click();
    await page.getByText('Waiting for traffic', { exact: true }).waitFor();
    expect(page.url()).toContain('/sandboxes/');
  });
});
