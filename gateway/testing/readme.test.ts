import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BEGIN = "cat > sender.test.js <<'TEST'\n";
const END = '\nTEST\n';

test('what README has people copy passes, line by line as it is there', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const start = readme.indexOf(BEGIN) + BEGIN.length;
  const example = readme.slice(start, readme.indexOf(END, start));
  expect(example).toContain('startTollgate(');
  const folder = await mkdtemp(join(tmpdir(), 'sender-'));
  try {
    // In place of an installed package: the same entry points, from their sources.
    const alias = Object.fromEntries(
      ['testing/vitest', 'testing'].map((name) => [
        `tollgate/${name}`,
        join(ROOT, 'gateway', name === 'testing' ? 'testing/index.ts' : `${name}.ts`),
      ]),
    );
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'sender.test.js'), example);
    // The package is not for Vitest to compile, as it is not where it is installed.
    const config = { resolve: { alias }, test: { maxWorkers: 1, execArgv: ['--import', 'tsx'] } };
    await writeFile(
      join(folder, 'vitest.config.js'),
      `const config = ${JSON.stringify(config)};
       config.test.server = { deps: { external: [/\\/(gateway|registry-cache|tariffs)\\//] } };
       export default config;`,
    );
    const command = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder];
    const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    expect({ code, output: code === 0 ? '' : out + errors }).toEqual({ code: 0, output: '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
