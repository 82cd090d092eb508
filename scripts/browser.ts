/** Chromium for tests of pages and for pictures of them: the system's own, found on the PATH. A page is opened without any network of its own. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MISSING =
  'No Chromium is on the PATH. Install one and run again: `sudo apt-get install chromium` on Debian or Ubuntu, ' +
  '`brew install --cask chromium` on macOS.';

/** @throws Error that says what to install if there is none */
export function launchBrowser(): Promise<Browser> {
  const executablePath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder || '.', name)))
    .find(isExecutable);
  if (executablePath === undefined) throw new Error(MISSING);
  return chromium.launch({ executablePath });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
