import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { codeBlocks, readPages, ROOT } from './pages.js';

const ENTRIES = {
  framewise: ['src/index.ts'],
  'framewise/stages': ['src/stages.ts'],
  'framewise/recurrent': ['src/recurrent/index.ts'],
};

/** The TypeScript blocks of all pages, by a made-up file name that says where each is. */
function exampleFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const page of readPages()) {
    for (const { code, line } of codeBlocks(page, 'ts')) {
      files.set(path.join(ROOT, 'test/docs', `${page.name.replaceAll('/', '-')}-line-${line}.ts`), code);
    }
  }
  return files;
}

/** Type-checks the files against the sources, with the settings of the repository. */
function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const tsconfig = path.join(ROOT, 'tsconfig.json');
  const { options, errors } = ts.getParsedCommandLineOfConfigFile(tsconfig, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
    },
  })!;
  expect(errors).toEqual([]);
  options.paths = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, [file]]) => [name, [path.join(ROOT, file!)]]),
  );
  options.noUnusedLocals = false;
  options.lib = ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'];
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => files.has(name) || disk.fileExists(name),
    readFile: (name) => files.get(name) ?? disk.readFile(name),
    getSourceFile: (name, languageVersion) => {
      const code = files.get(name);
      return code === undefined
        ? disk.getSourceFile(name, languageVersion)
        : ts.createSourceFile(name, code, languageVersion);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()]
    .flatMap((name) => {
      const source = program.getSourceFile(name);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    })
    .map(({ file, messageText }) => {
      const where = path.basename(file?.fileName ?? '');
      return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}

it('every TypeScript example type-checks against the sources, and a wrong one would be noticed', () => {
  const files = exampleFiles();
  expect(files.size).toBeGreaterThan(5);
  files.set(
    path.join(ROOT, 'test/docs/wrong.ts'),
    "import { noSuchThing } from 'framewise';\nnoSuchThing();\n",
  );
  expect(typeErrors(files)).toEqual([expect.stringContaining('noSuchThing')]);
});
