/** Threads of the policy lab, compiled or from source. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Starts `simulator/<name>`, given without its ending, as a thread. */
export function startThread(name: string, workerData: unknown): Worker {
  const ending = extname(import.meta.url);
  const program = new URL(`./${name}${ending}`, import.meta.url);
  if (ending !== '.ts') return new Worker(program, { workerData });
  // From source: Node alone does not read TypeScript, and a thread does not inherit what makes this one do so.
  const start = `import('${import.meta.resolve('tsx/esm/api')}').then(({ tsImport }) => tsImport('${program.href}', '${program.href}'))`;
  return new Worker(start, { eval: true, workerData });
}
