/** The door of delivery through Redis: what a gateway keeps there, and the workers that deliver it. */
export { deadBatchRoutes } from './dead-batch-routes.ts';
export { DeliveryWorker, type Carriers, type ReceiptPosts, type WorkerFigures } from './delivery-worker.ts';
export { type Durable, newRun, openDeliveryQueue, openDurable } from './open-durable.ts';
export { ReceiptSpool } from './receipt-spool.ts';
export { RedisIdempotencyKeys } from './redis-idempotency.ts';
export { Timetable } from './timetable.ts';
