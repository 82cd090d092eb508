/** The test library: a carrier world in one import. */
export { CannotStart } from '../load-world.ts';
export { TollgateRefused } from './ask.ts';
export type { Duration, TestClock } from './clock.ts';
export type { FaultScope, Regime, TestFault, TestFaults, TestPolicy } from './controls.ts';
export { magicFrom, type MagicOutcome, magicTo } from './magic.ts';
export type { Wanted } from './match.ts';
export { type MessageMatch, type TestMessages, WrongMessages } from './messages.ts';
export type {
  BrandWishes,
  CampaignWishes,
  CarrierId,
  NumberWishes,
  TestBrand,
  TestCampaign,
  TestNumber,
  TestRegistry,
} from './registry.ts';
export {
  type InboundMessage,
  type ProviderName,
  type SandboxOptions,
  type SandboxWorld,
  startTollgate,
  type TestInbound,
  type Tollgate,
  type TollgateOptions,
  type World,
  type WorldOptions,
} from './tollgate.ts';
export type { WaitOptions } from './wait.ts';
export {
  type CapturedWebhook,
  type TestWebhooks,
  type WebhookAnswer,
  type WebhookMatch,
  WrongWebhooks,
} from './webhooks.ts';
