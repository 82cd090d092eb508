import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEASURE_IDS, type MeasureId, MEASURES } from '../measures.ts';
import type { Comparison } from '../results.ts';
import { launchBrowser } from '../../scripts/browser.ts';
import { comparisonUnderTest, MADE_UP } from './comparison-under-test.ts';
import { writeReport } from './index.ts';
import { reportPage } from './report-page.ts';

// The page as a browser shows it. Pictures of it are in the test's directory while it runs, and stay there with KEEP_PICTURES=1.

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
/** Of a sheet of A4 without its margins, at 96 pixels an inch. */
const SHEET = { width: 703, height: 1017 };

let browser: Browser;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-report-page-'));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  if (process.env['KEEP_PICTURES'] === undefined) rmSync(directory, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Addresses that the page asked for. */
  readonly requests: readonly string[];
  /** What the browser complained of. */
  readonly complaints: readonly string[];
}

let opened = 0;
async function open(
  comparison: Comparison,
  viewport: { readonly width: number; readonly height: number },
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Opened> {
  opened += 1;
  const folder = join(directory, String(opened));
  await writeReport(folder, comparison);
  const page = await browser.newPage({ viewport, colorScheme });
  const [requests, complaints]: [string[], string[]] = [[], []];
  const address = `file://${join(folder, 'report.html')}`;
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.goto(address);
  return { page, requests, complaints };
}

/** Carried out in the page, whose words the types of Node do not know. */
function inPage<Answer>(page: Page, script: string): Promise<Answer> {
  return page.evaluate(script);
}

const WIDER_THAN_THE_PAGE = `[...document.querySelectorAll('body *')]
  .filter((one) => one.closest('.scroll, .unseen, .panel, .defs') === null)
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))`;

/** Texts of a picture, or of the two sides of a table's cell, that lie over each other. */
const OVERLAPS = `[...document.querySelectorAll('svg')].flatMap((svg) => {
  const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return texts.flatMap(([one, a], place) => texts.slice(place + 1)
    .filter(([, b]) => a.width > 0 && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
    .map(([other]) => one + ' / ' + other));
})`;

const CUT_OFF = `[...document.querySelectorAll('svg:not(.defs)')].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width > 0 && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
  }).map((text) => text.textContent);
})`;

/** Every text whose contrast with the ground behind it is below what WCAG asks for at level AA. */
const TOO_FAINT = `(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => [red, green, blue]
    .map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const groundOf = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
      if (alpha > 0.5) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].flatMap((one) => {
    const ownText = [...one.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (ownText.length === 0 || one.closest('title, .defs, details:not([open]) > :not(summary)') !== null) return [];
    const style = getComputedStyle(one);
    const ink = luminance(numbers(one instanceof SVGElement ? style.fill : style.color));
    const ground = luminance(groundOf(one));
    const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    return contrast < 4.5 ? [contrast.toFixed(2) + ' ' + one.textContent.trim().slice(0, 40)] : [];
  });
})()`;

const looks = [
  { name: 'on a desktop', viewport: DESKTOP, scheme: 'light', media: 'screen' },
  { name: 'in the dark', viewport: DESKTOP, scheme: 'dark', media: 'screen' },
  { name: 'on a phone', viewport: PHONE, scheme: 'light', media: 'screen' },
  { name: 'on paper', viewport: SHEET, scheme: 'dark', media: 'print' },
] as const;

describe.each(looks)('$name', ({ name, viewport, scheme, media }) => {
  let look: Opened;
  beforeAll(async () => {
    look = await open(comparisonUnderTest(), viewport, scheme);
    await look.page.emulateMedia({ media });
  });
  afterAll(() => look.page.close());

  test('it asks for nothing and the browser has nothing to complain of', () => {
    expect(look.requests).toEqual([]);
    expect(look.complaints).toEqual([]);
  });

  test('nothing is wider than the page', async () => {
    expect(await inPage(look.page, WIDER_THAN_THE_PAGE)).toEqual([]);
  });

  test('no label lies over another or is cut off', async () => {
    expect(await inPage(look.page, OVERLAPS)).toEqual([]);
    expect(await inPage(look.page, CUT_OFF)).toEqual([]);
  });

  test('all text has the contrast that WCAG AA asks for', async () => {
    expect(await inPage(look.page, TOO_FAINT)).toEqual([]);
  });

  test.each(['header', '#glance', '#spam-and-cost', '#money', '#strategies', '#daily', '#sensitivity'])(
    'a picture of %s can be taken',
    async (part) => {
      // Part by part: a surface as high as the page is more than some machines draw.
      const path = join(directory, `${name} ${part}.png`.replaceAll(/[ #]+/g, '-'));
      await look.page.locator(part).first().screenshot({ path });
      expect(statSync(path).size).toBeGreaterThan(10_000);
    },
  );
});

test('as a PDF it has pages for every section', async () => {
  const { page } = await open(comparisonUnderTest(), DESKTOP);
  const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString('latin1');
  await page.close();
  const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0;
  expect(pages).toBeGreaterThan(5);
  expect(pages).toBeLessThan(25);
});

describe('who listens instead of looking', () => {
  let page: Page;
  beforeAll(async () => {
    ({ page } = await open(comparisonUnderTest(), DESKTOP));
  });
  afterAll(() => page.close());

  test('finds one main heading, and a heading for every section, in order', async () => {
    const levels = await inPage<number[]>(
      page,
      `[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))`,
    );
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [place, level] of levels.entries()) expect(level - (levels[place - 1] ?? 0)).toBeLessThanOrEqual(1);
    const nameless = `[...document.querySelectorAll('section')].filter((one) => document.getElementById(one.getAttribute('aria-labelledby')) === null).length`;
    expect(await inPage(page, nameless)).toBe(0);
  });

  test('hears what each picture says, or finds its figures in the table around it', async () => {
    const silent = `[...document.querySelectorAll('svg')]
      .filter((one) => one.getAttribute('aria-hidden') !== 'true' && !(one.getAttribute('role') === 'img' && one.getAttribute('aria-label')))
      .map((one) => one.outerHTML.slice(0, 100))`;
    expect(await inPage(page, silent)).toEqual([]);
  });

  test('finds every link’s target', async () => {
    const dead = `[...document.querySelectorAll('a')].filter((one) => document.querySelector(one.getAttribute('href')) === null).length`;
    expect(await inPage(page, dead)).toBe(0);
  });
});

describe('the page', () => {
  const comparison = comparisonUnderTest();
  const textOf = async (one: Comparison): Promise<string> => {
    const { page } = await open(one, DESKTOP);
    const text = await inPage<string>(page, 'document.body.textContent');
    await page.close();
    return text.replaceAll(/\s+/g, ' ');
  };

  test('is the same bytes for the same comparison', () => {
    expect(reportPage(comparisonUnderTest())).toBe(reportPage(comparison));
  });

  test('has every policy with its rule, every assumption with its source, and what makes it again', async () => {
    const text = await textOf(comparison);
    for (const { title, sentence } of comparison.policies)
      for (const one of [title, sentence]) expect(text).toContain(one);
    for (const { title, source, grade } of comparison.assumptions) {
      for (const one of [title, source, grade]) expect(text).toContain(one);
    }
    for (const one of [comparison.command, comparison.digest, comparison.scenario.description])
      expect(text).toContain(one);
    expect(text).toContain('196 of 200');
  });

  test('has a table for every measure', async () => {
    const { page } = await open(comparison, DESKTOP);
    expect(await page.locator('.measure').count()).toBe(MEASURE_IDS.length);
    const landed = page.locator('.measure', { has: page.getByRole('heading', { name: 'Spam landed', exact: true }) });
    const row = landed.locator('tr', { hasText: 'Analytics filter' });
    expect((await row.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /34\.\d k 3\d(\.\d)? k to 3\d(\.\d)? k 1\.\d % more ▲ clear \d+ to \d+/,
    );
    await page.close();
  });

  test('has at a glance what good senders lose, how traces end, and what goes past the toll', async () => {
    const { page } = await open(comparison, DESKTOP);
    const heads = await page.locator('#glance th[scope=col]').allInnerTexts();
    for (const id of ['legitFalseBlockShare', 'legitLostInGap', 'traceSuccessShare', 'traceHours', 'spamLandedP2p']) {
      expect(heads).toContain(MEASURES[id as MeasureId].title);
    }
    await page.close();
  });

  test('says at the top that it is partial', async () => {
    const { page } = await open(comparisonUnderTest({ isPartial: true, replications: 3 }), DESKTOP);
    const note = page.getByRole('note');
    expect(await note.innerText()).toMatch(/^Partial report\. .* rests on the 3 replications that every policy has\.$/);
    expect(await inPage(page, `document.querySelector('.partial').getBoundingClientRect().top`)).toBeLessThan(100);
    await page.close();
  });

  test.each([
    ['one policy', comparisonUnderTest({ policies: MADE_UP.slice(0, 1), withSensitivity: false })],
    ['one run', comparisonUnderTest({ replications: 1 })],
    ['one day', comparisonUnderTest({ days: 1, withSensitivity: false })],
    ['five years', comparisonUnderTest({ days: 1_900, replications: 2, policies: MADE_UP.slice(0, 3) })],
    [
      'more policies than there are letters',
      comparisonUnderTest({
        replications: 2,
        withSensitivity: false,
        policies: Array.from({ length: 30 }, (_, place) => ({
          ...MADE_UP[place % 7]!,
          policy: `p${place}`,
          title: `Policy ${place}`,
        })),
      }),
    ],
  ])('can be read with %s', async (_, one) => {
    const { page, complaints } = await open(one, DESKTOP);
    expect(await inPage(page, 'document.body.innerText')).not.toMatch(/NaN|undefined|null|Infinity/);
    expect(await inPage(page, WIDER_THAN_THE_PAGE)).toEqual([]);
    expect(await inPage(page, OVERLAPS)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

describe('what users write', () => {
  const EVIL = `</title></style></svg><script>alert(1)</script><img src="http://127.0.0.1:1/x" onerror="alert(2)">"'&javascript:alert(3)`;

  test('is shown as it is, wherever it stands, and nothing of it is carried out', async () => {
    const plain = comparisonUnderTest({
      policies: MADE_UP.slice(0, 2).map((one) => ({ ...one, policy: EVIL + one.policy, title: EVIL, sentence: EVIL })),
    });
    const evil: Comparison = {
      ...plain,
      scenario: { ...plain.scenario, id: EVIL, title: EVIL, description: EVIL },
      command: EVIL,
      version: EVIL,
      digest: EVIL,
      policies: plain.policies.map((one) => ({
        ...one,
        strategies: { [EVIL]: 1 },
        money: one.money.map((flow) => ({ ...flow, payer: EVIL, payee: EVIL + flow.payee, cause: EVIL + flow.cause })),
        digests: [EVIL],
      })),
      assumptions: plain.assumptions.map((one) => ({
        ...one,
        id: EVIL,
        title: EVIL,
        unit: EVIL,
        source: EVIL,
        note: EVIL,
      })),
      sensitivity: plain.sensitivity && {
        ...plain.sensitivity,
        tornados: plain.sensitivity.tornados.map((one) => ({
          ...one,
          bars: one.bars.map((bar) => ({ ...bar, parameter: EVIL, title: EVIL })),
        })),
        conclusions: [{ sentence: EVIL, holds: 1, of: 2 }],
      },
    };
    const { page, requests, complaints } = await open(evil, DESKTOP);
    expect(await inPage(page, `document.querySelectorAll('script, img, iframe, object, form').length`)).toBe(0);
    expect(
      await inPage(
        page,
        `[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some(({ name }) => name.startsWith('on') || name === 'style')).length`,
      ),
    ).toBe(0);
    expect(await page.title()).toBe(`${EVIL}: policies compared`);
    expect(await page.locator('h1').innerText()).toContain(EVIL);
    expect([requests, complaints]).toEqual([[], []]);
    await page.close();
  });

  test('could not run if it got in: the policy of content refuses scripts, styles and connections', async () => {
    const { page, complaints } = await open(comparisonUnderTest(), DESKTOP);
    await inPage(
      page,
      `(() => {
        const script = document.createElement('script');
        script.textContent = 'document.title = "taken over"';
        document.body.append(script);
        const image = document.createElement('img');
        image.src = 'http://127.0.0.1:1/x';
        document.body.append(image);
      })()`,
    );
    expect(await page.title()).toBe('A world in small: policies compared');
    await expect
      .poll(() => complaints.filter((one) => one.includes('Content Security Policy')).length)
      .toBeGreaterThan(1);
    await page.close();
  });
});
