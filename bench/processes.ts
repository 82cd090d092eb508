/**
 * Work in processes of its own, so that heaps, event loops and compilers of two sides never mix.
 *
 * A process is this same program started again with `child` and a name. It answers questions one at a time over the
 * channel that Node sets up between parent and child, and ends when the parent does.
 */
import { type ChildProcess, fork } from 'node:child_process';

/** What a process of its own does: set up, then answer. Everything passes through structured cloning. */
export interface Work<Settings, Ready, Question, Answer> {
  open(settings: Settings): Promise<{ readonly ready: Ready; answer(question: Question): Answer | Promise<Answer> }>;
}

export interface Peer<Ready, Question, Answer> {
  readonly pid: number;
  readonly ready: Ready;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface Reply {
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Starts `name` in a process of its own and waits until it is set up.
 * `program` is the compiled `run.js`; a child starts others from its own. Rejects with the child's error and stack.
 */
export async function startPeer<Settings, Ready, Question, Answer>(
  name: string,
  // Only its type is used: the work itself is loaded where it is done.
  _work: () => Promise<{ readonly work: Work<Settings, Ready, Question, Answer> }>,
  settings: Settings,
  options: { readonly program?: string; readonly execArgv?: readonly string[] } = {},
): Promise<Peer<Ready, Question, Answer>> {
  const child = fork(options.program ?? process.argv[1]!, ['child', name], {
    execArgv: [...(options.execArgv ?? [])],
    serialization: 'advanced',
    // What a child prints is for people; standard output is the parent's own.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  try {
    const ready = (await exchange(child, name, settings)) as Ready;
    return {
      pid: child.pid!,
      ready,
      ask: async (question) => (await exchange(child, name, question)) as Answer,
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function exchange(child: ChildProcess, name: string, message: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void => {
      reject(new Error(`the process "${name}" ended before it answered (${signal ?? code})`));
    };
    child.once('exit', onExit);
    child.once('message', (reply: Reply) => {
      child.off('exit', onExit);
      if (reply.error === undefined) resolve(reply.value);
      else reject(new Error(reply.error));
    });
    child.send({ message }, (error) => {
      if (error !== null) reject(error);
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** The child's half: the first message is the settings, every later one a question. */
export function servePeer(load: () => Promise<{ readonly work: Work<unknown, unknown, unknown, unknown> }>): void {
  let opened: Promise<{ answer(question: unknown): unknown }> | undefined;
  const handle = async (message: unknown): Promise<unknown> => {
    if (opened !== undefined) return (await opened).answer(message);
    const opening = load().then(({ work }) => work.open(message));
    opened = opening;
    return (await opening).ready;
  };
  process.on('message', ({ message }: { message: unknown }) => {
    handle(message).then(
      (value) => reply({ value }),
      (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
}

function reply(one: Reply): void {
  // A parent that has gone no longer wants it.
  process.send?.(one, () => {});
}
