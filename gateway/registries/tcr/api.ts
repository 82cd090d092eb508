/**
 * The operations of the real service: method, path, what is read and what is answered.
 *
 * Tables rather than handlers, so that a test can hold them against the list of operations that generated clients have.
 */
import { accountOperations } from './account-api.ts';
import { brandOperations } from './brand-api.ts';
import { campaignOperations } from './campaign-api.ts';
import { enumOperations } from './enum-api.ts';
import type { Operation } from './api-operation.ts';
import { partnerOperations } from './partner-api.ts';
import type { Registry } from './registry.ts';
import type { TcrService } from './service.ts';
import type { CallbackGuard } from './subscriptions.ts';
import { webhookOperations } from './webhook-api.ts';

export function operationsOf(registry: Registry, service: TcrService, guard: CallbackGuard): readonly Operation[] {
  return [
    ...brandOperations(registry, service),
    ...campaignOperations(registry),
    ...partnerOperations(registry),
    ...enumOperations(registry),
    ...webhookOperations(registry, guard),
    ...accountOperations(registry),
  ];
}
