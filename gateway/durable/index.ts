/** The door of delivery through Redis: what a gateway keeps there, and the workers that deliver it. */
export { deadBatchRoutes } from './dead-batch-routes.ts';
export { DeliveryWorker, type Carriers, type ReceiptPosts, type WorkerFigures } from './delivery-worker.ts';
export { type Durable, newRun, openDeliveryQueue, openDurable } from './open-durable.ts';
export { ReceiptSpool } from './receipt-spool.ts';
export { RedisIdempotencyKeys } from './redis-idempotency.ts';
export { followRecord, SharedRecord } from './shared-record.ts';
export { SharedOptOuts } from './shared-opt-outs.ts';
export { PLANNED_BY_APIS, TIMED_BY_SMPP, Timetable } from './timetable.ts';
