import { loadBench } from './benches.ts';
import type { BenchSettings, Figure } from './harness.ts';
import { startPeer } from './processes.ts';

/** The collector can be called, and there is room for Maps of ten million. */
const FLAGS = ['--expose-gc', '--max-old-space-size=6144'];

/** Runs one bench in a process of its own. `program` is what `compileBenches` made. */
export async function runBench(name: string, settings: BenchSettings, program: string): Promise<Figure[]> {
  const bench = await startPeer(name, () => loadBench(name), settings, { program, execArgv: FLAGS });
  try {
    return await bench.ask(null);
  } finally {
    await bench.stop();
  }
}
