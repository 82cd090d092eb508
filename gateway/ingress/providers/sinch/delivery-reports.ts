/** Sinch's delivery reports, for those who ask: of a batch, of one recipient, and of all that has come to its end. */
import type { FastifyInstance } from 'fastify';
import { Face, type MessageStore } from '../../../messages/index.ts';
import { documented, type FaceParts } from '../face.ts';
import { type Form, valuesOf } from '../form.ts';
import { type GroupNotes, readGroup } from '../groups.ts';
import { sendJson } from '../json.ts';
import { asE164 } from '../sending.ts';
import { idOf } from './batches.ts';
import { batchReport, notesOf, type RecipientReport, recipientReport, waitingReport } from './batch-view.ts';
import { type Call, sendError, whenKnown } from './calls.ts';
import { constraintBroken, isFinal, NOT_FOUND, statusOf } from './errors.ts';
import { isError, listOf, readPage, sendPage } from './pages.ts';
import { SERVICE } from './paths.ts';

const TAG = 'sinch';

interface Reported {
  readonly report: RecipientReport;
  readonly notes: GroupNotes;
}

export function deliveryReportRoutes(app: FastifyInstance, parts: FaceParts): void {
  const { store, clock, schedule } = parts;
  const readBack = parts.readBack(Face.Sinch);

  app.get(
    `${SERVICE}/batches/:batchId/delivery_report`,
    documented(TAG, 'Fetch the delivery report of a batch'),
    whenKnown(parts, async (call) => {
      const { request, reply } = call;
      const query = request.query as Form;
      const [type = 'summary'] = valuesOf(query, 'type');
      if (type !== 'summary' && type !== 'full') {
        return sendError(reply, constraintBroken('type', 'must be summary or full'));
      }
      const waiting = await schedule.find(idOf(call) ?? '', call.caller, Face.Sinch);
      if (waiting !== undefined) return sendJson(reply, waitingReport(waiting));
      const all = await reportsOf(call);
      if (all === undefined) return sendError(reply, NOT_FOUND);
      const wanted = wantedBy(query);
      const reports = all.map(({ report }) => report);
      const whole = batchReport(reports, all[0].notes, type === 'full');
      const chosen = batchReport(reports.filter(wanted), all[0].notes, type === 'full') ?? { ...whole, statuses: [] };
      return sendJson(reply, chosen);
    }),
  );

  app.get(
    `${SERVICE}/batches/:batchId/delivery_report/:recipient`,
    documented(TAG, 'Fetch the delivery report of one recipient of a batch'),
    whenKnown(parts, async (call) => {
      const recipient = asE164(call.params['recipient'] ?? '').slice(1);
      const all = await reportsOf(call);
      const found = all?.find(({ report }) => report.recipient === recipient);
      return found === undefined ? sendError(call.reply, NOT_FOUND) : sendJson(call.reply, found.report);
    }),
  );

  app.get(
    `${SERVICE}/delivery_reports`,
    documented(TAG, 'List delivery reports of messages that have come to their end, the latest first'),
    whenKnown(parts, ({ request, reply, caller }) => {
      const query = request.query as Form;
      const page = readPage(query, clock.nowMs());
      if (isError(page)) return sendError(reply, page);
      const wanted = wantedBy(query);
      const { places } = readBack.page(caller, Infinity, undefined, (at) => isFinal(statusOf(store, at)));
      const reports = places.flatMap((at) => {
        const notes = notesOf(store, at);
        if (notes === undefined) return [];
        const report = recipientReport(store, at, notes);
        const atMs = Date.parse(report.at);
        const isOf = page.reference === undefined || report['client_reference'] === page.reference;
        return isOf && wanted(report) && atMs >= page.fromMs && atMs < page.untilMs ? [report] : [];
      });
      return sendPage(reply, 'delivery_reports', page, reports);
    }),
  );

  /** Reports of all messages of the batch of a path, the first at their head. */
  async function reportsOf(call: Call): Promise<readonly [Reported, ...Reported[]] | undefined> {
    const id = idOf(call);
    if (id === undefined) return undefined;
    const read = (found: MessageStore, at: number): Reported | undefined => {
      const notes = notesOf(found, at);
      return notes && { notes, report: recipientReport(found, at, notes) };
    };
    const all = await readGroup(readBack, id, call.caller, read);
    const reported = all?.filter((one) => one !== undefined) ?? [];
    const [first, ...rest] = reported;
    return first === undefined ? undefined : [first, ...rest];
  }
}

/** Whether a report is of a status and a code that were asked for. */
function wantedBy(query: Form): (report: RecipientReport) => boolean {
  const [statuses, codes] = [listOf(query, 'status'), listOf(query, 'code')];
  return ({ status, code }) =>
    (statuses.length === 0 || statuses.includes(status)) && (codes.length === 0 || codes.includes(String(code)));
}
