/** `/nnsr/v1/bulk`: files of orders, and the jobs they become. */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import Type from 'typebox';
import { StoreUnavailable } from '../../../registry-cache/index.ts';
import type { Clock, Timers } from '../../router/index.ts';
import { BulkAnswer } from './bulk-answer.ts';
import type { BulkForm } from './bulk-file.ts';
import { type BulkJob, type BulkJobs, describeJob, type Stop, UploadsBusy } from './bulk-job.ts';
import { BulkUpload, type UploadListener } from './bulk-upload.ts';
import type { Dca } from './dcas.ts';
import { dcaOf } from './dca-hook.ts';
import { RETRY_AFTER_S } from './limits.ts';
import type { NumberService } from './number-service.ts';
import { type Problem, problem, ProblemError } from '../../problem.ts';
import { UploadBody, UploadBroken } from './upload-body.ts';

export interface BulkRoutes {
  readonly service: NumberService;
  readonly jobs: BulkJobs;
  readonly clock: Clock;
  readonly timers: Timers;
}

const FORMS: Readonly<Record<string, BulkForm>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};

const JobParams = Type.Object({ job: Type.String() });
const BulkQuery = Type.Object(
  {
    resume: Type.Optional(Type.String({ description: 'A stopped job; send its file again, from the start.' })),
    async: Type.Optional(
      Type.Enum(['true', 'false'], { description: 'Answer 202 at once and show progress in the job only.' }),
    ),
  },
  { additionalProperties: false },
);

export const bulkRoutes: FastifyPluginCallbackTypebox<BulkRoutes> = (app, routes, done) => {
  const { service, jobs, clock, timers } = routes;

  app.removeAllContentTypeParsers();
  // Whatever the type, the body is left in the socket: a wrong type is refused in words of this route, before anything is read.
  app.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));

  app.post(
    '/nnsr/v1/bulk',
    {
      schema: {
        tags: ['number registry'],
        summary: 'Provision and remove numbers by a file of any size, in CSV or NDJSON',
        description:
          'CSV has a header: number,campaignId,nnid and, if wanted, action (provision or remove). NDJSON has an object with ' +
          'the same fields on each line. The answer is NDJSON while the file is read: the job, errors and warnings by line, ' +
          'progress, and last the result. With async=true or Prefer: respond-async it is 202 and GET shows how the job does; ' +
          'keep the connection until the file is sent. An upload that broke off goes on with resume=<job>.',
        querystring: BulkQuery,
      },
    },
    async (request, reply) => {
      const { query } = request;
      const dca = dcaOf(request);
      const form = formOf(request);
      const body = new UploadBody(bodyOf(request), timers);
      try {
        if (query.resume !== undefined) jobs.find(dca, query.resume);
        // A store that is away is told before the file is read.
        await service.rowsOf(dca);
        const { upload, job } = await openJob({ dca, form, body, resume: query.resume });
        const isAsync = query.async === 'true' || /\brespond-async\b/i.test(String(request.headers.prefer ?? ''));
        reply.header('nnsr-job', job.id).header('location', `/nnsr/v1/bulk/${job.id}`);
        const answer = isAsync ? new LateAnswer(job) : new BulkAnswer(job, clock);
        carryOut(upload, job, answer, request)
          .finally(() => {
            answer.end();
            body.discard();
          })
          .catch((error: unknown) => request.log.error({ err: error, job: job.id }, 'bulk upload failed'));
        if (isAsync)
          reply.code(202).header('preference-applied', 'respond-async').type('application/json; charset=utf-8');
        else reply.type('application/x-ndjson');
        return await reply.send(answer.stream);
      } catch (error) {
        body.discard();
        if (error instanceof UploadBroken) throw new ProblemError(brokenOff(error));
        if (error instanceof UploadsBusy) reply.header('retry-after', RETRY_AFTER_S);
        throw error;
      }
    },
  );

  app.get(
    '/nnsr/v1/bulk/:job',
    { schema: { tags: ['number registry'], summary: 'How far a bulk job is', params: JobParams } },
    (request, reply) => reply.send(describeJob(jobs.find(dcaOf(request), request.params.job))),
  );

  app.get(
    '/nnsr/v1/bulk/:job/errors',
    {
      schema: {
        tags: ['number registry'],
        summary: 'The first errors and warnings of a bulk job by line, as NDJSON; numbers are masked',
        params: JobParams,
      },
    },
    (request, reply) => {
      const { remarks } = jobs.find(dcaOf(request), request.params.job);
      return reply.type('application/x-ndjson').send(remarks.map((one) => `${JSON.stringify(one)}\n`).join(''));
    },
  );

  /** The upload past what its job has done, and the job, running. */
  async function openJob({ dca, form, body, resume }: Opening): Promise<{ upload: BulkUpload; job: BulkJob }> {
    if (resume === undefined) {
      const upload = await BulkUpload.open(body, form);
      return { upload, job: jobs.start(dca, form) };
    }
    const job = jobs.resume(dca, resume, form);
    try {
      const upload = await BulkUpload.open(body, form);
      await upload.skipDone(job);
      job.stop = undefined;
      return { upload, job };
    } catch (error) {
      job.state = 'stopped';
      throw error;
    }
  }

  async function carryOut(
    upload: BulkUpload,
    job: BulkJob,
    listener: UploadListener,
    request: FastifyRequest,
  ): Promise<void> {
    try {
      await upload.run(job, service, listener);
      job.state = 'complete';
    } catch (error) {
      job.state = 'stopped';
      job.stop = stopOf(error);
      if (job.stop.code === 'internal') request.log.error({ err: error, job: job.id }, 'bulk upload failed');
    } finally {
      jobs.touch(job);
      const { lines, provisioned, removed, errors } = job.counts;
      const ended = { dca: job.dca.id, job: job.id, state: job.state, lines, provisioned, removed, errors };
      request.log.info(ended, 'bulk upload ended');
    }
  }

  done();
};

interface Opening {
  readonly dca: Dca;
  readonly form: BulkForm;
  readonly body: UploadBody;
  readonly resume: string | undefined;
}

/** The answer to a client that will ask for the job: its head at once, the result when all of the file is read. */
class LateAnswer implements UploadListener {
  readonly stream = new Readable({ read: () => undefined });
  readonly #job: BulkJob;

  constructor(job: BulkJob) {
    this.#job = job;
    // White space before the result, for which a head is sent.
    this.stream.push('\n');
  }

  applied(): void {}

  end(): void {
    if (this.stream.destroyed) return;
    this.stream.push(JSON.stringify(describeJob(this.#job)));
    this.stream.push(null);
  }
}

function formOf({ headers }: FastifyRequest): BulkForm {
  const refuse = (message: string): never => {
    throw new ProblemError(problem('unsupported-media-type', 415, 'Unsupported media type', [{ field: '', message }]));
  };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse(`the body is sent as ${encoding}; send it uncompressed`);
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const form = FORMS[type.trim()];
  if (form === undefined) return refuse('send text/csv or application/x-ndjson as the content type');
  const charset = parameters
    .map((one) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/.exec(one)?.[1])
    .find((one) => one !== undefined);
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/.test(charset)) {
    return refuse('the charset is not utf-8; save the file as UTF-8 and say so');
  }
  return form;
}

function bodyOf(request: FastifyRequest): Readable {
  // Without a length and a coding there is no body, and no parser has run.
  return request.body instanceof Readable ? request.body : Readable.from([]);
}

/** Of an upload that broke before there was anything to do; nobody hears it but one who is merely slow. */
function brokenOff({ message }: UploadBroken): Problem {
  return problem('upload-broken', 408, 'Upload broken off', [
    { field: '', message: `${message}; send the file again` },
  ]);
}

function stopOf(error: unknown): Stop {
  if (error instanceof UploadBroken) return { code: error.code, message: error.message };
  if (error instanceof StoreUnavailable) {
    const message = 'the number registry cannot be reached; resume in a little while';
    return { code: 'store_unavailable', message, retryAfterS: RETRY_AFTER_S };
  }
  return { code: 'internal', message: 'the gateway failed; its log says why' };
}
