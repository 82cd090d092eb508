/** Who may change the world, and the log of what they changed: the same for a gateway and for a worker. */
import basicAuth from '@fastify/basic-auth';
import type { FastifyBaseLogger, FastifyInstance, onRequestHookHandler } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { auditChanges, AuditLog, AuditUnavailable } from './audit/index.ts';
import { systemClock } from './control/index.ts';
import { CannotStart } from './load-world.ts';
import type { ServeOptions } from './options.ts';
import { packageVersion } from './package-files.ts';

export interface Admin {
  /** Belongs on every route that changes the world; undefined where anybody may and nothing is written down. */
  readonly requireAdmin: onRequestHookHandler | undefined;
  /** Whether that asks for credentials: it also stands where changes are written down and anybody may make them. */
  readonly asksWho: boolean;
  /** Undefined if the operator wants none; to be closed. */
  readonly audit: AuditLog | undefined;
}

export interface AdminParts {
  /** What the first entry of the audit log says of this process, beside its version. */
  readonly opened: Readonly<Record<string, unknown>>;
  readonly log: FastifyBaseLogger;
}

/** Comes before the routes that it is to guard. Rejects with CannotStart if the audit log cannot be written. */
export async function openAdmin(
  app: FastifyInstance,
  options: Pick<ServeOptions, 'adminUser' | 'adminPassword' | 'auditFile'>,
  { opened, log }: AdminParts,
): Promise<Admin> {
  const askAdmin = await credentialsHook(app, options);
  const asksWho = askAdmin !== undefined;
  if (options.auditFile === undefined) return { requireAdmin: askAdmin, asksWho, audit: undefined };
  const audit = await openedAudit(options.auditFile, { opened, log });
  // Without credentials the log tells changes by it from what is open to all everywhere.
  const guard = askAdmin ?? letAnybody;
  auditChanges(app, { audit, guard, asksWho });
  return { requireAdmin: guard, asksWho, audit };
}

const letAnybody: onRequestHookHandler = (_request, _reply, done) => done();

async function openedAudit(path: string, { opened, log }: AdminParts): Promise<AuditLog> {
  try {
    return await AuditLog.open({ path, clock: systemClock, log, opened: { version: packageVersion(), ...opened } });
  } catch (error) {
    if (error instanceof AuditUnavailable) throw new CannotStart([`--audit-file: ${error.message}`]);
    throw error;
  }
}

/** Asks for the admin's name and password, if the operator set them. */
async function credentialsHook(
  app: FastifyInstance,
  { adminUser, adminPassword }: Pick<ServeOptions, 'adminUser' | 'adminPassword'>,
): Promise<onRequestHookHandler | undefined> {
  if (adminUser === undefined || adminPassword === undefined) return undefined;
  await app.register(basicAuth, {
    authenticate: { realm: 'tollgate' },
    validate: (user, password, _request, _reply, done) => {
      const isRight = isSame(user, adminUser) && isSame(password, adminPassword);
      done(isRight ? undefined : new Error('wrong user name or password'));
    },
  });
  return app.basicAuth;
}

/** Compares secrets in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
