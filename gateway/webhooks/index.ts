/** The door of webhooks: what is posted to addresses outside, and how it gets there. */
export { BREAKER_STATES, type BreakerState } from './host-gate.ts';
export { type AccountWebhooks, openWebhooks, type WebhookFigures, type Webhooks } from './open-webhooks.ts';
export { ATTEMPT_RESULTS } from './post-sender.ts';
export { type AccountWebhook, receiptPost, webhookId, type WebhookPost } from './webhook-post.ts';
export { webhookGuard, type WebhookGuard } from './webhook-guard.ts';
export { webhookRoutes } from './webhook-routes.ts';
