import { cp, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '../..');

/**
 * Compiles the sources as they are now, for tests that start the program many times: from TypeScript each start takes
 * seconds.
 *
 * @param folder - An empty folder for it.
 * @returns The command line's entry.
 */
export async function compileProgram(folder: string): Promise<string> {
  const names = await readdir(path.join(ROOT, 'src'), { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts')).map((name) => path.join(ROOT, 'src', name));
  const outdir = path.join(folder, 'dist');
  await build({
    entryPoints: sources,
    outbase: path.join(ROOT, 'src'),
    outdir,
    format: 'esm',
    target: 'node20',
  });
  await cp(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  return path.join(outdir, 'cli/main.js');
}
