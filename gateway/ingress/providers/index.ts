/**
 * The door of the provider faces: the APIs of providers, imitated, under a prefix each, over the same core as our own. Translation only:
 * a face reads its provider's words into a draft and writes what the core made of it in that provider's words.
 *
 * To add a face, in a folder of the provider's name (`twilio/` is the pattern):
 *
 *   <vendor>/index.ts      the plugin (`FacePlugin`): its parsers, its error handler and its routes, each with `documented(...)`, or `documentedSending(...)`
 *   <vendor>/errors.ts     the provider's code and our phrasing for each decision (`byDecision`) and each delivery error (column of
 *                          DELIVERY_ERRORS where there is one, else `byDeliveryError`), and for bad input
 *   <vendor>/callbacks.ts  its `CallbackStyle` (gateway/messages/callback-style.ts): body, headers with signature, waits, timeout
 *   <vendor>/<vendor>.test.ts  by plain fetch against `openGatewayUnderTest()`; sdks/<vendor>.test.ts with the provider's own SDK
 *
 * and then here: the plugin in FACE_PLUGINS, the style in `callbackStyles`; its hosts are in vendor-hosts.ts.
 *
 * A route that sends does four things:
 *   1. `credentials.basic(...)`, `.bearer(...)` or `.pair(...)` -> the `Caller`, or the provider's own 401
 *   2. reads the body and fills a `FaceMessage`: numbers through `asE164`, what a callback will have to say again in `notes` (JSON)
 *   3. `sending.send(message, refuse, answer)`: `refuse` is given the field that is wrong and answers in the provider's code for it;
 *      `answer` is given the decision: a row of the face's table says whether the provider refuses at once, or takes the message and tells
 *      later (`tellRefusal(at)`). It reads the rest out of the store at `at`, in the same turn
 *   4. ids: `uuidOf`, `longDigitsOf`, `digitsOf` (vendor-ids.ts) of `store.idAt(at)`, and back with their counterparts for routes that fetch
 *      (`readBack(face).find`) and list (`.page`)
 *
 * `NotKept` (the store of messages did not answer in time) comes out of `send` as a rejection: the face's error handler says 503.
 */
import type { FastifyPluginCallback } from 'fastify';
import { type CallbackStyle, FACES, type FaceName } from '../../messages/index.ts';
import type { Clock, Core, Timers } from '../../router/index.ts';
import { bandwidthCallbacks } from './bandwidth/callbacks.ts';
import { bandwidthFace } from './bandwidth/index.ts';
import type { Credentials } from './credentials.ts';
import type { FaceParts, FacePlugin } from './face.ts';
import type { InboundLog } from './inbound-log.ts';
import { plivoCallbacks } from './plivo/callbacks.ts';
import { plivoFace } from './plivo/index.ts';
import { ReadBack, type ShownArchive } from './read-back.ts';
import type { FaceRegistry } from './registry.ts';
import type { Schedule } from './schedule.ts';
import type { SenderPools } from './sender-pools.ts';
import { sinchCallbacks } from './sinch/callbacks.ts';
import { sinchFace } from './sinch/index.ts';
import { Sending, type SendingParts } from './sending.ts';
import { telnyxCallbacks } from './telnyx/callbacks.ts';
import { telnyxFace } from './telnyx/index.ts';
import { twilioCallbacks } from './twilio/callbacks.ts';
import { twilioFace } from './twilio/index.ts';
import { vonageCallbacks } from './vonage/callbacks.ts';
import { vonageFace } from './vonage/index.ts';

export { Credentials } from './credentials.ts';
export { InboundLog } from './inbound-log.ts';
export { KeptSchedule } from './kept-schedule.ts';
export { OwnSchedule } from './own-schedule.ts';
export { SenderPools } from './sender-pools.ts';
export { openVendorProxy } from './vendor-proxy.ts';
export { pathOfVendorHost, VENDOR_HOSTS } from './vendor-hosts.ts';

export interface ProviderFaces extends SendingParts {
  readonly core: Core;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly credentials: Credentials;
  readonly pools: SenderPools;
  readonly registry: FaceRegistry;
  readonly schedule: Schedule;
  readonly inbounds: InboundLog;
  readonly archive: ShownArchive | undefined;
  readonly tellRefusal: FaceParts['tellRefusal'];
}

/** How often it is looked for messages whose time has come. */
const SCHEDULE_TICK_MS = 1_000;

/** By name, which is its prefix too. */
const FACE_PLUGINS: Readonly<Partial<Record<FaceName, FacePlugin>>> = {
  twilio: twilioFace,
  telnyx: telnyxFace,
  plivo: plivoFace,
  bandwidth: bandwidthFace,
  sinch: sinchFace,
  vonage: vonageFace,
};

const STYLES: Readonly<Partial<Record<FaceName, CallbackStyle>>> = {
  twilio: twilioCallbacks,
  telnyx: telnyxCallbacks,
  plivo: plivoCallbacks,
  bandwidth: bandwidthCallbacks,
  sinch: sinchCallbacks,
  vonage: vonageCallbacks,
};

/** How each API tells of messages, by `Face`. */
export const callbackStyles: readonly (CallbackStyle | undefined)[] = FACES.map((name) => STYLES[name]);

/** Serves the APIs of providers, each under its prefix. */
export const providerFaces: FastifyPluginCallback<ProviderFaces> = (app, options, done) => {
  const { store, archive, schedule, clock, timers, tellRefusal } = options;
  const sending = new Sending(options);
  const parts: FaceParts = {
    ...options,
    sending,
    readBack: (face) => new ReadBack(store, archive, schedule, face),
  };
  const due = { store, sending, tellRefusal };
  const stop = timers.every(SCHEDULE_TICK_MS, () => schedule.advance(clock.nowMs(), due));
  app.addHook('onClose', async () => {
    stop();
    await schedule.atRest();
  });
  for (const [name, plugin] of Object.entries(FACE_PLUGINS)) app.register(plugin, { ...parts, prefix: `/${name}` });
  done();
};
