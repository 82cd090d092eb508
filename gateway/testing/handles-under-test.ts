/** A program that uses the library and has nothing else to do: it is to end by itself. What is left open when all is closed is its output. */
import { writeSync } from 'node:fs';
import { setTimeout as realTime } from 'node:timers/promises';
import { magicFrom, magicTo, startTollgate } from './index.ts';

const before = process.getActiveResourcesInfo();
const tollgate = await startTollgate({ smpp: true });
const sandbox = await tollgate.sandbox();
for (const { url, webhooks } of [tollgate, sandbox]) {
  const body = { from: magicFrom('registered'), to: magicTo('slow_receipt'), text: 'Hi', callbackUrl: webhooks.url };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) });
  await answer.json();
}
await tollgate.messages.waitFor({ decision: 'accepted' });
await tollgate.close();
// What was closed is counted until the event loop has come round.
await realTime(50);
const left = process.getActiveResourcesInfo();
for (const name of before) if (left.includes(name)) left.splice(left.indexOf(name), 1);
writeSync(1, JSON.stringify({ left }));
