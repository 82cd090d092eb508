/** What every face is made of. A face is a Fastify plugin that takes these parts, under the prefix of its provider. */
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import type { MessageStore } from '../../messages/index.ts';
import type { Clock, Core, Timers } from '../../router/index.ts';
import type { Caller, Credentials } from './credentials.ts';
import type { InboundLog } from './inbound-log.ts';
import type { ReadBack } from './read-back.ts';
import type { FaceRegistry } from './registry.ts';
import type { Schedule } from './schedule.ts';
import type { SenderPools } from './sender-pools.ts';
import type { Sending } from './sending.ts';

export interface FaceParts {
  readonly core: Core;
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly credentials: Credentials;
  readonly pools: SenderPools;
  readonly registry: FaceRegistry;
  readonly sending: Sending;
  /** Messages to be sent later. */
  readonly schedule: Schedule;
  readonly inbounds: InboundLog;
  /** To read back what came by a face (`Face`). */
  readonly readBack: (face: number) => ReadBack;
  /**
   * Tells the sender, by a callback, of a message that the core refused and whose provider would have found out later: at the ring place
   * that the answer has.
   */
  readonly tellRefusal: (at: number) => void;
  /** Why an address may not be called back, or undefined if it may. */
  readonly callbackGuard: (url: string) => string | undefined;
}

export type FacePlugin = FastifyPluginCallback<FaceParts>;

/** The part of a route's schema that documents it: a face checks bodies itself, in its provider's words and order. */
export function documented(
  tag: string,
  summary: string,
): { readonly schema: { readonly tags: string[]; readonly summary: string } } {
  return { schema: { tags: [tag], summary } };
}

/** The same of a route by which messages are sent; `callerOf` finds who comes with a request, undefined if that is nobody. */
export function documentedSending(
  tag: string,
  summary: string,
  callerOf: (request: FastifyRequest) => Caller | undefined,
): ReturnType<typeof documented> & {
  readonly config: { readonly bringsMessagesOf: (request: FastifyRequest) => string | undefined };
} {
  return { ...documented(tag, summary), config: { bringsMessagesOf: (request) => callerOf(request)?.account } };
}
