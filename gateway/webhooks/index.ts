/** The door of webhooks: what is posted to addresses outside, and how it gets there. */
export { BREAKER_STATES } from './host-gate.ts';
export { openWebhooks, type Webhooks } from './open-webhooks.ts';
export { ATTEMPT_RESULTS } from './post-sender.ts';
export { webhookId, type WebhookPost } from './webhook-post.ts';
export { webhookGuard } from './webhook-guard.ts';
export { webhookRoutes } from './webhook-routes.ts';
