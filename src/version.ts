import { readFileSync } from 'node:fs';

const packageFile = new URL('../package.json', import.meta.url);

/** Version of this package, as its package.json states it. */
export const FRAMEWISE_VERSION = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string })
  .version;
