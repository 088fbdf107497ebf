import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { cutLine } from '../../src/view/draw-svg.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { write } = useTemporaryFolder();
const run = promisify(execFile);

it('drawSvg draws the same letters on a machine without fonts', async () => {
  const withoutFonts = await write('fonts.conf', '<?xml version="1.0"?><fontconfig></fontconfig>');
  const [here, there] = [await drawLine(), await drawLine({ FONTCONFIG_FILE: withoutFonts })];
  expect(there.equals(here)).toBe(true);
  expect(here.filter((value) => value > 128).length).toBeGreaterThan(1000); // some pixels are bright
});

it.each([
  ['walk', 20, 60, 'walk'],
  ['walk on', 20, 60, 'walk…'],
  ['walk', 20, 1, '…'],
])('cutLine cuts "%s" at font size %d and width %d to "%s"', (line, fontSize, width, cut) => {
  expect(cutLine(line, fontSize, width)).toBe(cut);
});

async function drawLine(environment: Record<string, string> = {}): Promise<Buffer> {
  const program = fileURLToPath(new URL('./draw-line-program.ts', import.meta.url));
  const options = {
    env: { ...process.env, ...environment },
    encoding: 'buffer',
    maxBuffer: 2 ** 20,
  } as const;
  return (await run(process.execPath, ['--import', 'tsx', program], options)).stdout;
}
