/**
 * Keeps the live page current from the events of `v1/live`.
 *
 * Plain browser JavaScript, served as it stands. The upper half turns figures into words and shapes and touches no page,
 * so it can be tested by itself; the lower half puts them in place, always as text, never as markup. Every event holds
 * all totals since the start, so what happened lately is the difference between two events kept here.
 */

/** @import { LiveEvent } from '../index.ts' */

/**
 * The figures of one event that are compared with later ones.
 * @typedef {{ atMs: number, decided: number, blocked: number, registered: number, unregistered: number }} Sample
 *   `registered` and `unregistered` count spam delivered.
 */

const CHART_MS = 120_000;
const SMOOTHED_MS = 2_000;
const RECENT_MS = 10_000;
const SAMPLES_MAX = 300;
const SPOKEN_EVERY_MS = 10_000;
/** Events come twice a second; this long without one means the connection is dead, whatever the browser thinks. */
const SILENCE_MS = 6_000;
const REFUSED_RETRY_MS = 5_000;
const MICROS_PER_DOLLAR = 1e6;

/** @type {Readonly<Record<string, string>>} */
const CARRIER_NAMES = {
  att: 'AT&T',
  tmobile: 'T-Mobile',
  verizon: 'Verizon',
  uscellular: 'US Cellular',
  other: 'Other carriers',
};

const wholeNumber = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const rateNumber = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shortNumber = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const smallMoney = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: 4 });
const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** @param {number} value */
export const count = (value) => wholeNumber.format(value);

/** A message costs tenths of a cent, so small sums keep four decimals. @param {number} micros */
export function dollars(micros) {
  const value = micros / MICROS_PER_DOLLAR;
  return value > 0 && value < 10 ? smallMoney.format(value) : money.format(value);
}

/** @param {number} value */
export const rate = (value) => (value < 100 ? rateNumber : wholeNumber).format(value);

/** @param {number} value @param {string} one @param {string} [many] */
function counted(value, one, many = `${one}s`) {
  return `${value === 0 ? 'no' : count(value)} ${value > 1 ? many : one}`;
}

/** Upper case for the first letter. @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What happened since the start, in words that hold under every regime. @param {LiveEvent['summary']} summary */
export function headline(summary) {
  if (summary.decided === 0) return 'Waiting for traffic: no message has been sent yet.';
  const passed = summary.spamDeliveredUnregistered;
  const blocked = `${capital(counted(summary.blocked, 'unregistered message'))} ${summary.blocked > 1 ? 'were' : 'was'} blocked.`;
  if (passed === 0) return `No spam from unregistered numbers has reached a handset so far. ${blocked}`;
  const earned = dollars(summary.spamSurchargeMicros);
  return (
    `The registry did not stop it: ${counted(passed, 'spam message')} from unregistered numbers reached handsets, ` +
    `and carriers earned ${earned} in surcharges on unregistered spam. ${blocked}`
  );
}

/** What happened in the last seconds, which shows a switched regime at once. @param {readonly Sample[]} samples */
export function recently(samples) {
  const last = samples.at(-1);
  const first = samples.find((sample) => last !== undefined && sample.atMs >= last.atMs - RECENT_MS);
  if (first === undefined || last === undefined || first.atMs === last.atMs) return '';
  const unregistered = last.unregistered - first.unregistered;
  const all = unregistered + last.registered - first.registered;
  const blocked = last.blocked - first.blocked;
  const seconds = Math.max(1, Math.round((last.atMs - first.atMs) / 1000));
  const landed =
    all === 0
      ? 'no spam reached a handset'
      : `${counted(all, 'spam message')} reached handsets, ${unregistered === 0 ? 'none' : count(unregistered)} from unregistered numbers`;
  return `In the last ${seconds} s: ${landed}; ${counted(blocked, 'unregistered message')} blocked.`;
}

/** @param {LiveEvent['summary']} summary @returns {Sample} */
export function sampleOf({ atMs, decided, blocked, spamDeliveredRegistered, spamDeliveredUnregistered }) {
  return {
    atMs,
    decided,
    blocked,
    registered: spamDeliveredRegistered,
    unregistered: spamDeliveredUnregistered,
  };
}

/**
 * Adds one sample to those of the last two minutes. Counting that began anew, or time that went back, forgets them.
 * @param {Sample[]} samples @param {Sample} next
 */
export function remember(samples, next) {
  const last = samples.at(-1);
  if (last !== undefined && (next.atMs < last.atMs || next.decided < last.decided)) samples.length = 0;
  samples.push(next);
  while (samples.length > SAMPLES_MAX || samples[0].atMs < next.atMs - CHART_MS - SMOOTHED_MS) samples.shift();
}

/**
 * How much `key` grew per second around sample `index`, over about two seconds so that single messages do not flicker.
 * Undefined where no time passed.
 * @param {readonly Sample[]} samples @param {number} index @param {Exclude<keyof Sample, 'atMs'>} key
 */
export function perSecond(samples, index, key) {
  const to = samples[index];
  let first = index;
  while (first > 0 && samples[first].atMs > to.atMs - SMOOTHED_MS) first -= 1;
  const from = samples[first];
  return to.atMs === from.atMs ? undefined : ((to[key] - from[key]) * 1000) / (to.atMs - from.atMs);
}

/** The smallest of 1, 2, 5, 10, 20, … that is no less than `value`. @param {number} value */
export function scaleTop(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value) ?? power;
}

/**
 * Both curves as SVG paths in a box 120 wide (a unit a second, now at the right) and 100 high, with their words.
 * @param {readonly Sample[]} samples
 */
export function drawChart(samples) {
  const nowMs = samples.at(-1)?.atMs ?? 0;
  const curves = /** @type {const} */ (['registered', 'unregistered']).map((key) =>
    samples.flatMap((sample, index) => {
      const value = perSecond(samples, index, key);
      const x = 120 - (nowMs - sample.atMs) / 1000;
      return value === undefined || x < 0 ? [] : [{ x, value }];
    }),
  );
  const top = scaleTop(Math.max(...curves.flat().map((point) => point.value), 0));
  const [registered, unregistered] = curves.map((points) => {
    const path = points.map(({ x, value }) => `${x.toFixed(2)} ${(100 - (value / top) * 100).toFixed(2)}`).join('L');
    const now = points.at(-1)?.value ?? 0;
    const most = Math.max(0, ...points.map((point) => point.value));
    return {
      line: path && `M${path}`,
      area: path && `M${points[0].x.toFixed(2)} 100L${path}L${points[points.length - 1].x.toFixed(2)} 100Z`,
      now,
      words: `${rate(now)} now, ${rate(most)} at most`,
    };
  });
  const words =
    `Line chart of spam messages delivered per second over the last two minutes. ` +
    `From unregistered numbers: ${unregistered.words}. From registered numbers: ${registered.words}.`;
  return { top, registered, unregistered, words };
}

if (globalThis.document !== undefined) start();

function start() {
  const headlineElement = element('headline');
  const pauseButton = /** @type {HTMLButtonElement} */ (element('pause'));
  /** @type {Map<string, HTMLElement>} */
  const fields = new Map();
  for (const one of document.querySelectorAll('[data-field]')) {
    fields.set(one.getAttribute('data-field') ?? '', /** @type {HTMLElement} */ (one));
  }
  /** @type {Sample[]} */
  const samples = [];
  /** @type {LiveEvent | undefined} */
  let latest;
  let sinceMs = 0;
  let isPaused = false;
  let isConnected = false;
  let spokenAtMs = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  pauseButton.addEventListener('click', () => {
    isPaused = !isPaused;
    pauseButton.textContent = isPaused ? 'Resume' : 'Pause';
    showState();
    if (!isPaused) show();
  });
  connect();

  function connect() {
    // Relative, as all addresses here, so that the page also works behind a path of some proxy.
    const source = new EventSource('v1/live');
    const again = (/** @type {number} */ delayMs) => {
      clearTimeout(silence);
      source.close();
      lose();
      setTimeout(connect, delayMs);
    };
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => again(0), SILENCE_MS);
    };
    listen();
    source.addEventListener('message', (message) => {
      listen();
      receive(JSON.parse(message.data));
    });
    source.addEventListener('error', () => {
      // The browser tries again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) again(REFUSED_RETRY_MS);
      else lose();
    });
  }

  function lose() {
    isConnected = false;
    showState();
  }

  /** @param {LiveEvent} event */
  function receive(event) {
    if (event.sinceMs !== sinceMs) samples.length = 0;
    sinceMs = event.sinceMs;
    latest = event;
    isConnected = true;
    remember(samples, sampleOf(event.summary));
    showState();
    if (!isPaused) show();
  }

  function showState() {
    const state = !isConnected ? 'lost' : isPaused ? 'paused' : latest?.summary.decided === 0 ? 'waiting' : 'live';
    const stateElement = element('state');
    if (stateElement.dataset.state === state) return;
    stateElement.dataset.state = state;
    stateElement.textContent = {
      lost: 'Connection lost, retrying',
      paused: 'Paused',
      waiting: 'Waiting for traffic',
      live: 'Live',
    }[state];
    pauseButton.disabled = latest === undefined;
  }

  function show() {
    if (latest === undefined) return;
    const { summary, regimes, tariffDate } = latest;
    const sentence = headline(summary);
    const lately = summary.decided === 0 ? '' : recently(samples);
    setText(headlineElement, sentence);
    setText(element('recent'), lately);
    const since = new Date(sinceMs).toLocaleString('en-US', { dateStyle: 'medium', timeStyle: 'short' });
    setText(element('basis'), `Counted since ${since}. Prices and regimes of ${tariffDate}.`);
    showFields(summary);
    showCarriers(summary.carriers, regimes);
    const words = showChart();
    if (performance.now() - spokenAtMs < SPOKEN_EVERY_MS) return;
    spokenAtMs = performance.now();
    setText(element('spoken'), `${sentence} ${lately}`);
    setText(element('chart-text'), words);
  }

  /** @param {LiveEvent['summary']} summary */
  function showFields(summary) {
    const perSecondNow = perSecond(samples, samples.length - 1, 'decided');
    field('rate', perSecondNow === undefined ? '–' : rate(perSecondNow));
    field('spamSurcharge', dollars(summary.spamSurchargeMicros));
    field('spamCharged', dollars(summary.spamChargedMicros));
    field('charged', dollars(summary.chargedMicros));
    field('notClassed', count(summary.decided - summary.registered - summary.unregistered));
    for (const key of /** @type {const} */ ([
      'decided',
      'registered',
      'unregistered',
      'accepted',
      'refused',
      'blocked',
      'inFlight',
      'delivered',
      'filtered',
      'undelivered',
      'bypassed',
      'registryNumbers',
      'spamSent',
      'spamDelivered',
    ])) {
      field(key, count(summary[key]));
    }
  }

  /** @param {LiveEvent['summary']['carriers']} carriers @param {LiveEvent['regimes']} regimes */
  function showCarriers(carriers, regimes) {
    const body = /** @type {HTMLTableElement} */ (element('carriers')).tBodies[0];
    carriers.forEach((one, index) => {
      const row = body.rows[index] ?? addRow(body);
      const now = regimes.find((regime) => regime.carrier === one.carrier);
      [
        CARRIER_NAMES[one.carrier] ?? one.carrier,
        now === undefined ? '–' : now.switched ? `${now.regime}, switched` : now.regime,
        count(one.accepted),
        count(one.refused),
        count(one.spamDeliveredRegistered),
        count(one.spamDeliveredUnregistered),
        dollars(one.spamRevenueMicros),
        dollars(one.spamSurchargeMicros),
      ].forEach((text, column) => setText(row.cells[column], text));
      row.dataset.regime = now?.regime ?? '';
    });
  }

  function showChart() {
    const { top, registered, unregistered, words } = drawChart(samples);
    element('line-registered').setAttribute('d', registered.line);
    element('line-unregistered').setAttribute('d', unregistered.line);
    element('area-unregistered').setAttribute('d', unregistered.area);
    field('nowRegistered', rate(registered.now));
    field('nowUnregistered', rate(unregistered.now));
    field('chartTop', shortNumber.format(top));
    field('chartMiddle', shortNumber.format(top / 2));
    return words;
  }

  /** @param {string} name @param {string} text */
  function field(name, text) {
    const place = fields.get(name);
    if (place !== undefined) setText(place, text);
  }
}

/** The columns' names, repeated in each cell for screens too narrow for a table. */
const CELL_LABELS = [
  '',
  'Regime now',
  'Accepted',
  'Refused',
  'Spam, registered',
  'Spam, unregistered',
  'Revenue from spam',
  'Of it surcharge',
];

/** A row of the carrier table. Roles are said aloud because narrow screens lay rows out as cards. @param {HTMLTableSectionElement} body */
function addRow(body) {
  const row = body.insertRow();
  row.setAttribute('role', 'row');
  CELL_LABELS.forEach((label, column) => {
    const cell = document.createElement(column === 0 ? 'th' : 'td');
    if (column === 0) cell.setAttribute('scope', 'row');
    cell.setAttribute('role', column === 0 ? 'rowheader' : 'cell');
    cell.dataset.label = label;
    row.append(cell);
  });
  return row;
}

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Unchanged text is left alone, so that selecting and reading it is not disturbed. @param {Element} place @param {string} text */
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
