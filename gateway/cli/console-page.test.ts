import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axeCore from 'axe-core';
import type { Browser, BrowserContextOptions, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser } from '../../scripts/browser.ts';
import { ControlledClock } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { readOptions, type ServeOptions } from '../options.ts';
import { readPackageFile } from '../package-files.ts';
import { createLog } from '../telemetry/index.ts';
import { startDemo } from './demo.ts';

// The page as people use it: in a real browser, before a real gateway under demo traffic.

const WIDE = { viewport: { width: 1280, height: 900 } };
const SOON_MS = 20_000;
/** Of one segment or several. */
const P2P_PRICE = /\$0\.0(079|158|237|316|395)$/;
const SHIPPED_BOOKS = 3;
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
  /** `before` is run in the page before its own script. */
  readonly open: (hash?: string, context?: BrowserContextOptions, before?: string) => Promise<Page>;
  readonly close: () => Promise<void>;
}

async function openDemo(own: Partial<ServeOptions> = {}): Promise<Demo> {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent', rate: '100' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const options = { ...read.options, demo: true, ...own };
  const log = createLog('silent');
  const time = new ControlledClock();
  if (typeof options.clock === 'number') time.freeze(options.clock);
  const gateway = await openGateway({ options, world: loadWorld(options), clock: time, timers: time, log });
  const stopDemo = options.demo ? await startDemo(gateway, options, log, time) : () => undefined;
  const close = async (): Promise<void> => {
    stopDemo();
    await gateway.close(0);
  };
  closing.push(close);
  const complaints: string[] = [];
  const open = async (hash = '', context: BrowserContextOptions = WIDE, before = ''): Promise<Page> => {
    const opened = await browser.newContext(context);
    closing.push(() => opened.close());
    const page = await opened.newPage();
    await page.addInitScript(before);
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

/** By path, what answers the questions of the page in place of its gateway. */
async function answering(page: Page): Promise<Map<string, (route: Route) => unknown>> {
  const answers = new Map<string, (route: Route) => unknown>();
  await page.route('**', (route) => {
    const answer = answers.get(new URL(route.request().url()).pathname);
    return answer === undefined ? route.continue() : answer(route);
  });
  // A page that was loaded before may go past it for a while.
  await page.reload();
  return answers;
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

/** How much spam from unregistered numbers reached handsets in each of the last seconds, as the page says it. */
async function landedLately(page: Page): Promise<number> {
  const said = /In the last (\d+) s: .* reached handsets, ([\d,]+) from/.exec(
    await page.locator('.recent').innerText(),
  );
  return Number(said?.[2]?.replaceAll(',', '') ?? 0) / Number(said?.[1] ?? 1);
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
    await page.getByLabel(/^Carrier/).selectOption('att');
    await page.getByLabel('The phone').selectOption('delivered');
    const spam = page.locator('.messages tbody tr:has([data-class=unregistered]):has([data-truth=spam])');
    // Some go as P2P, for which AT&T is paid nothing.
    await spam.filter({ hasNotText: P2P_PRICE }).first().locator('a').click();
    await page.getByRole('heading', { name: 'Why it passed' }).waitFor();
    expect(await page.locator('.message .steps').innerText()).toMatch(
      /: unregistered[^]*AT&T does not refuse it, it charges \$[\d.]+ more/,
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
    expect(before).toBeGreaterThan(5);
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('Every unregistered A2P message is refused').waitFor();
    await page.locator('.flow [data-node=blocked]').first().waitFor();
    // What is left goes as P2P, which no regime rules.
    await expect.poll(() => landedLately(page), { timeout: 40_000, interval: 500 }).toBeLessThan(before / 2);
    await page.getByRole('link', { name: 'Search all messages' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel(/^Decision/).selectOption('unregistered_blocked');
    await page.locator('.messages tbody tr:has([data-end=blocked]):has([data-class=unregistered])').first().waitFor();
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
    const callbackUrl = `http://127.0.0.1:9/${'receipts'.repeat(9)}`;
    const payload = { from: '+12125550199', to: '+12019161000', text: 'X'.repeat(150), callbackUrl };
    const { id } = (await gateway.app.inject({ method: 'POST', url: '/v1/messages', payload })).json<{ id: string }>();
    for (const hash of ['#live', `#messages/${id}`, '#registry/+12125550100', '#controls', '#sandboxes']) {
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
    // The link leaves the page with its view.
    await page.getByRole('link', { name: 'Search all messages' }).press('Enter');
    await page.getByRole('heading', { name: 'Messages, newest first' }).waitFor();
    expect(await page.evaluate('[document.activeElement.id, scrollY]')).toEqual(['main', 0]);
  });

  test('keeps the focus on a button that is busy, and asks no second time', async () => {
    const { open } = await openDemo({ demo: false });
    const page = await open('#registry/+12125550100');
    const asked: Route[] = [];
    (await answering(page)).set('/v1/trace', (route) => asked.push(route));
    const trace = page.getByRole('button', { name: 'Trace it' });
    await trace.press('Enter');
    await page.locator('button[aria-disabled=true]').waitFor();
    await trace.press('Enter');
    await expect.poll(() => asked.length).toBe(1);
    await asked[0]!.continue();
    await page.locator('.badge', { hasText: 'broken' }).waitFor();
    expect(await page.evaluate('document.activeElement.innerText')).toBe('Trace it');
    expect(asked.length).toBe(1);
  });

  test('takes nothing of what is being typed away, however long it takes', async () => {
    const { open } = await openDemo();
    const page = await open('#registry');
    const slowly = { delay: 250 };
    await page.getByRole('searchbox', { name: 'Number' }).pressSequentially('2125550100', slowly);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '+12125550100' }).waitFor();
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    const field = page.getByLabel('Number or message id');
    await field.pressSequentially('(212) 555-0199', slowly);
    expect(await field.inputValue()).toBe('(212) 555-0199');
    await page.keyboard.press('Enter');
    await page.getByText('No message that is held matches.').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('number');
  });

  test('shows hostile texts and names as text, wherever they come from', async () => {
    const [img, svg, script, link, template] = [
      '<img src=x onerror="window.hit=1">',
      '"><svg/onload=window.hit=2>',
      '</title><script>window.hit=3</script>',
      'javascript:window.hit=4',
      '{{constructor.constructor("window.hit=5")()}}',
    ] as const;
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-hostile-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const [campaigns, book] = [join(folder, 'campaigns.yaml'), join(folder, 'book.yaml')];
    writeFileSync(campaigns, readPackageFile('gateway/starter-campaigns.yaml').replace('Example Bank', `'${svg}'`));
    const flat = readPackageFile('tariffs/books/what-if-flat.yaml');
    writeFileSync(book, flat.replace(/^book: .*/m, 'book: hostile').replace(/^title: .*/m, `title: '${script}'`));
    const { gateway, complaints, open } = await openDemo({
      demo: false,
      campaigns,
      books: [book],
      registryHistory: true,
    });
    const page = await open(
      '',
      WIDE,
      `addEventListener('securitypolicyviolation', () => (window.violations ??= 0, window.violations += 1))`,
    );
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      dialog.dismiss().catch(() => undefined);
    });
    const registered = '+12125550100';
    const put = await gateway.app.inject({
      method: 'PUT',
      url: `/v1/numbers/${registered}`,
      payload: { campaign: 'CTOPA01' },
    });
    expect(put.statusCode).toBeLessThan(300);
    for (const text of [img, svg, script, link, template]) {
      const more = { reference: text, truth: 'spam', callbackUrl: `http://127.0.0.1:9/${text}?${text}` };
      const payload = { from: registered, to: '+12019161000', text, ...more };
      expect((await gateway.app.inject({ method: 'POST', url: '/v1/messages', payload })).statusCode).toBe(202);
    }
    for (const text of [img, svg, script, link, template]) {
      await page.goto(`${gateway.url}/#messages`);
      await page.locator('.messages a', { hasText: text }).click();
      await page.locator('blockquote', { hasText: text }).waitFor();
      await page.locator('.message .webhook code').waitFor();
      await page.getByText(`Reference ${text}.`).waitFor();
    }
    await page.goto(`${gateway.url}/#registry/${registered}`);
    await page.getByRole('button', { name: 'Trace it' }).click();
    await page.locator('.badge', { hasText: 'traced' }).waitFor();
    await page.locator('.steps', { hasText: svg }).waitFor();
    await page.goto(`${gateway.url}/#controls`);
    await page.locator('table.figures th', { hasText: script }).waitFor();
    // What a hostile address names is a view of no number and of no message, shown as text too.
    for (const view of ['registry', 'messages', 'nowhere']) {
      await page.goto(`${gateway.url}/#${view}/${encodeURIComponent(img)}`);
      await page
        .locator(view === 'nowhere' ? '.headline' : '.wrong')
        .first()
        .waitFor();
    }
    const injected =
      'main :is(img, script, iframe, object, embed, template, [onerror], [onload], a[href^="javascript:"])';
    expect(await page.locator(injected).count()).toBe(0);
    expect(await page.evaluate('[window.hit, window.violations]')).toEqual([undefined, undefined]);
    expect([dialogs, complaints.filter((text) => !/ 4(04|22) /.test(text))]).toEqual([[], []]);
  });

  test('changes nothing for who is not the admin, and everything once signed in', async () => {
    const { gateway, open } = await openDemo({ adminUser: 'ada', adminPassword: 'lovelace' });
    const page = await open();
    await page.locator('.messages a', { hasText: '(sign in to read it)' }).first().waitFor();
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
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.locator('.messages a').filter({ hasNotText: '(sign in to read it)' }).first().waitFor();
    await block.click();
    await page.getByText('Every unregistered A2P message is refused').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await block.isDisabled()).toBe(true);
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    await page.getByText('Only the admin may do this: sign in first.').waitFor();
    expect(gateway.core.regimes.isOverridden(0)).toBe(true);
  });

  test('tells a gateway that cannot be asked from one that refuses', async () => {
    const { gateway, open } = await openDemo({ demo: false, adminUser: 'ada', adminPassword: 'lovelace' });
    const page = await open();
    const answers = await answering(page);
    await page.getByRole('button', { name: 'Read-only: sign in' }).click();
    await page.getByLabel('Admin name').fill('ada');
    await page.getByLabel('Password').fill('lovelace');
    answers.set('/console/admin', (route) => route.abort());
    await page.keyboard.press('Enter');
    await page.getByText('The gateway cannot be reached.').waitFor();
    answers.set('/console/admin', (route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }));
    await page.getByLabel('Password').press('Enter');
    await page.getByText('The gateway answered 502.').waitFor();
    answers.delete('/console/admin');
    await page.getByLabel('Password').press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    // Its password is another from now on.
    answers.set('/v1/regime', (route) => route.fulfill({ status: 401, body: '' }));
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByRole('button', { name: 'Read-only: sign in' }).waitFor();
    expect(gateway.core.regimes.isOverridden(0)).toBe(false);
  });

  test('finds out that anybody may change the gateway, though it does not answer at first', async () => {
    const { open } = await openDemo({ demo: false });
    const page = await open('#sandboxes');
    await page.getByRole('button', { name: 'Open a sandbox' }).waitFor();
    let asked = 0;
    (await answering(page)).set('/console/admin', (route) => {
      asked += 1;
      return asked < 3 ? route.fulfill({ status: 503, body: 'overloaded' }) : route.continue();
    });
    await page.reload();
    await page.getByRole('button', { name: 'Open a sandbox' }).waitFor();
    expect(asked).toBe(3);
  });

  test('asks no second time before it is answered, and gives up on a gateway that does not answer', async () => {
    const { open } = await openDemo({ demo: false });
    const page = await open();
    await page.clock.install();
    let asked = 0;
    (await answering(page)).set('/console/messages', () => (asked += 1));
    await page.evaluate("location.hash = '#messages'");
    await expect.poll(() => asked).toBe(1);
    await page.clock.runFor(20_000);
    expect(asked).toBe(1);
    await page.clock.runFor(12_000);
    await page.getByText('The gateway does not answer.').waitFor();
    await expect.poll(() => asked).toBe(2);
  });

  test('says what was posted about a message, and when nothing was yet', async () => {
    const { gateway, open } = await openDemo({ demo: false, clock: 1_709_251_200_000 });
    const payload = { from: '+12125550199', to: '+12019161000', text: 'X', callbackUrl: 'http://127.0.0.1:9/' };
    const { id } = (await gateway.app.inject({ method: 'POST', url: '/v1/messages', payload })).json<{ id: string }>();
    const page = await open(`#messages/${id}`);
    await page.getByText('None so far: posts are made when there is something to tell').waitFor();
  });

  test('shows the prices of all books, of no other carrier, and says why there are none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-books-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const flat = readPackageFile('tariffs/books/what-if-flat.yaml');
    const books = Array.from({ length: 17 }, (_, place) => {
      const path = join(folder, `flat-${place}.yaml`);
      writeFileSync(
        path,
        flat.replace(/^book: .*/m, `book: flat-${place}`).replace(/^title: .*/m, `title: Flat ${place}`),
      );
      return path;
    });
    const { open } = await openDemo({ demo: false, books });
    const page = await open('#controls');
    const answers = await answering(page);
    const tariffs = page.locator('.card', { has: page.getByRole('heading', { name: /^Tariff/ }) });
    const prices = async (): Promise<readonly string[]> =>
      (await tariffs.locator('tbody tr').allInnerTexts()).flatMap((row) => row.match(/–|\$[\d.]+/g) ?? []);
    const priced = async (): Promise<number> => (await prices()).filter((price) => price !== '–').length;
    await expect.poll(priced).toBe(2 * (books.length + SHIPPED_BOOKS));
    answers.set('/v1/rate', (route) => route.fulfill({ status: 502, body: '' }));
    await tariffs.getByLabel('A segment to').selectOption('verizon');
    await tariffs.getByText('The gateway answered 502.').waitFor();
    expect(new Set(await prices())).toEqual(new Set(['–']));
    answers.delete('/v1/rate');
    answers.set('/v1/tariffs', (route) => route.fulfill({ status: 503, body: '' }));
    await tariffs.getByText('The gateway answered 503.').waitFor();
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
    await page.getByRole('group', { name: 'Regime of all carriers' }).getByRole('button', { name: 'Filter' }).click();
    const puts: string[] = [];
    page.on('request', (request) => void (request.url().endsWith('/v1/regime') && puts.push(request.method())));
    await page.getByLabel('Refused, all carriers, %').fill('30');
    await page.keyboard.press('Enter');
    await page.getByText('30 % of unregistered messages are refused').waitFor();
    expect(gateway.core.regimes.shareAt(0, { pricedAtMs: Date.now() })).toBe(0.3);
    expect(puts).toEqual(['PUT']);
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
