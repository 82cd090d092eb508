/** What the gateway knows of numbers, and how fresh that is. */
import { CARRIER, chart, dashboardOf, INSTANCE, number, quantiles, rate, share, SPAM, UNIT } from '../panels.ts';

const LANDED = `tollgate_handset_total{outcome="delivered",${SPAM},${CARRIER}}`;

export const REGISTRY = dashboardOf({
  uid: 'tollgate-registry',
  title: 'Registry',
  description: 'Numbers and campaigns: how many, how they change, how old the view is, and whether spam can be traced.',
  variables: ['carrier', 'instance'],
  rows: [
    [
      number({
        title: 'Numbers registered',
        description: 'Numbers in the registry, those included whose registration has not reached the carriers.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`max(tollgate_registry_numbers{${INSTANCE}})`, 'numbers']],
      }),
      number({
        title: 'Numbers in the provisioning gap',
        description: 'Registered, and still billed as unregistered: carriers do not know of it yet.',
        unit: UNIT.messages,
        isLatest: true,
        queries: [[`max(tollgate_registry_pending_numbers{${INSTANCE}})`, 'numbers']],
      }),
      number({
        title: 'Age of the oldest view',
        description: 'Time since a gateway was last level with the registry.',
        unit: UNIT.seconds,
        isLatest: true,
        limits: [5, 10],
        queries: [[`max(tollgate_registry_view_age_seconds{${INSTANCE}})`, 'age']],
      }),
      number({
        title: 'Spam that can be traced',
        description: 'Of spam that reached a phone, the share whose sender a registry leads to a brand.',
        unit: UNIT.share,
        isLatest: true,
        queries: [[share(LANDED.replace('outcome', 'registration="registered",outcome'), LANDED), 'share']],
      }),
    ],
    [
      chart({
        title: 'Size',
        description: 'Numbers by whether their registration has reached the carriers.',
        unit: UNIT.messages,
        isStacked: true,
        queries: [
          [
            `max(tollgate_registry_numbers{${INSTANCE}}) - max(tollgate_registry_pending_numbers{${INSTANCE}})`,
            'active',
          ],
          [`max(tollgate_registry_pending_numbers{${INSTANCE}})`, 'pending'],
        ],
      }),
      chart({
        title: 'Churn',
        description: 'Writes a second to the numbers of each view: registered, moved, taken out, come into force.',
        unit: UNIT.perSecond,
        queries: [[`sum by (instance) (${rate(`tollgate_registry_changes_total{${INSTANCE}}`)})`, '{{instance}}']],
      }),
    ],
    [
      chart({
        title: 'Lag of the feed',
        description: 'Time from a change in Redis to its being in a view. Nothing without Redis.',
        unit: UNIT.seconds,
        queries: quantiles('tollgate_registry_feed_lag_seconds'),
      }),
      chart({
        title: 'Changes that came by the feed',
        description: 'A second, at all gateways.',
        unit: UNIT.perSecond,
        queries: [
          [`sum(${rate(`tollgate_registry_feed_lag_seconds_count{${INSTANCE}}`)})`, 'changes'],
          [`sum by (reason) (${rate(`tollgate_registry_reloads_total{${INSTANCE}}`)})`, 'read anew: {{reason}}'],
        ],
      }),
    ],
    [
      chart({
        title: 'Age of views',
        description: 'Time since each gateway was last level with the registry.',
        unit: UNIT.seconds,
        queries: [[`max by (instance) (tollgate_registry_view_age_seconds{${INSTANCE}})`, '{{instance}}']],
      }),
      chart({
        title: 'State of views',
        description: 'Gateways by state of their view.',
        unit: UNIT.messages,
        isStacked: true,
        queries: [[`sum by (state) (tollgate_registry_view_state{${INSTANCE}})`, '{{state}}']],
      }),
      chart({
        title: 'Messages that met a stale view',
        description: 'A second, by what was done with them.',
        unit: UNIT.perSecond,
        queries: [[`sum by (action) (${rate(`tollgate_registry_stale_messages_total{${INSTANCE}}`)})`, '{{action}}']],
      }),
    ],
    [
      chart({
        title: 'Why senders were classed as they were',
        description: 'Messages a second; the four reasons besides registered make a sender unregistered.',
        unit: UNIT.perSecond,
        isStacked: true,
        queries: [[`sum by (reason) (${rate(`tollgate_registration_reasons_total{${INSTANCE}}`)})`, '{{reason}}']],
      }),
      chart({
        title: 'Spam that lands, traceable or not',
        description: 'Messages a second that are spam in truth and reached a phone, by registration of the sender.',
        unit: UNIT.perSecond,
        queries: [[`sum by (registration) (${rate(LANDED)})`, '{{registration}}']],
      }),
    ],
  ],
});
