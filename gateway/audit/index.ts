/** The door of the audit log: what operators changed, in a file whose lines hold each other. */
export { auditChanges } from './audited-routes.ts';
export { AuditLog, AuditUnavailable } from './audit-log.ts';
export { readChain } from './read-chain.ts';
