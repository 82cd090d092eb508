// Finds, or installs, the system programs the tests need. Runs before Vitest, and is plain JavaScript so that it works
// even when `npm ci` did not finish. It never skips: either every program is there when it ends, or it exits with 1
// and the exact commands to type. It installs only on Debian-like machines, as root or with a password-free sudo.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What the tests run besides Node. Any one of `binaries` on the PATH will do.
 * @type {{ binaries: string[], debian: string, elsewhere: string, why: string }[]}
 */
const programs = [
  {
    binaries: ['redis-server', 'valkey-server'],
    debian: 'redis-server',
    elsewhere: 'brew install redis   (macOS)  or  dnf install valkey   (Fedora)',
    why: 'the Redis contract and end-to-end tests start their own server on a free port',
  },
  {
    binaries: ['bearerbox'],
    debian: 'kannel',
    elsewhere: 'build it from https://www.kannel.org, or run the tests in a Debian container',
    why: 'a real SMPP client, bearerbox and smsbox, is run against the SMPP ingress',
  },
  {
    binaries: ['curl'],
    debian: 'curl',
    elsewhere: 'brew install curl   (macOS)  or  dnf install curl   (Fedora)',
    why: 'one of the examples is a script that sends with it',
  },
  {
    binaries: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    debian: 'chromium',
    elsewhere: 'brew install --cask chromium   (macOS)  or  dnf install chromium   (Fedora)',
    why: 'the report of the policy lab is opened, measured and photographed in it',
  },
  {
    binaries: ['prometheus'],
    debian: 'prometheus',
    elsewhere: 'brew install prometheus   (macOS)  or take it from https://prometheus.io/download',
    why: 'a real one scrapes the gateway and answers every query of the dashboards',
  },
  {
    binaries: ['promtool'],
    debian: 'prometheus',
    elsewhere: 'it comes with Prometheus',
    why: 'it tests the alert rules',
  },
];

const missing = programs.filter((program) => !program.binaries.some(isOnPath));
if (missing.length > 0) {
  const prefix = privilegePrefix();
  const packages = [...new Set(missing.map((program) => program.debian))];
  if (!existsSync('/etc/debian_version') || !isOnPath('apt-get') || prefix === undefined) {
    explain('These programs are missing:');
    process.exit(1);
  }
  console.log(`system-packages: installing ${packages.join(', ')} with apt-get, because the tests need it`);
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const install = [...prefix, ...environment, 'apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages];
  const update = [...prefix, ...environment, 'apt-get', 'update', '-q'];
  // The package lists may be absent or stale; refresh them only when a first try fails, since that is the slow part.
  let result = run(install);
  if (result.status !== 0) {
    run(update);
    result = run(install);
  }
  if (result.status !== 0 || missing.some((program) => !program.binaries.some(isOnPath))) {
    console.error(result.output);
    explain('apt-get could not install these programs:');
    process.exit(1);
  }
}

/** True when a file of that name on the PATH may be executed. */
function isOnPath(/** @type {string} */ name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    const file = join(folder || '.', name);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

/** Words to put before a command that needs root: none as root, `sudo -n` when it asks no password, else undefined. */
function privilegePrefix() {
  if (process.getuid?.() === 0) return [];
  if (isOnPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return undefined;
}

function run(/** @type {string[]} */ words) {
  const { status, stdout, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
  return { status, output: `$ ${words.join(' ')}\n${stdout}${stderr}` };
}

function explain(/** @type {string} */ title) {
  const lines = missing.flatMap((program) => [
    `  ${program.binaries.join(' or ')}: ${program.why}`,
    `      sudo apt-get update && sudo apt-get install -y ${program.debian}   (Debian, Ubuntu)`,
    `      ${program.elsewhere}`,
  ]);
  console.error(['', title, ...lines, 'Install them, then run `npm test` again.', ''].join('\n'));
}
