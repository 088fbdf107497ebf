import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelOnDiskSpec } from '../../../src/encoder/encoder-spec.js';
import { expectAllowedOperations } from '../../../src/encoder/networks/graph-operations.js';
import { readModelFiles } from '../../../src/encoder/networks/model-files.js';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { EncoderError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { useTemporaryFolder } from '../../temporary-folder.js';
import { writeGraphModel } from '../tiny-models.js';

interface GraphModelJson {
  modelTopology: { node: { name: string; op: string; input?: string[] }[] };
  weightsManifest: { paths: string[]; weights: { shape: number[] }[] }[];
  modelInitializer?: object;
}

const { inFolder } = useTemporaryFolder();
let spec: ModelOnDiskSpec;
beforeAll(() => startBackend('cpu'));
beforeEach(async () => {
  await mkdir(inFolder('model'));
  spec = await writeGraphModel(inFolder('model'));
});

async function change(edit: (model: GraphModelJson) => void): Promise<void> {
  const model = JSON.parse(await readFile(spec.path, 'utf8')) as GraphModelJson;
  edit(model);
  await writeFile(spec.path, JSON.stringify(model));
}
const load = () => InThreadEncoder.load(spec).then((encoder) => encoder.dispose());

describe('a graph that somebody else made', () => {
  it.each([
    ['a node', 'pooled', 'WriteFile', ['mix', 'axes']],
    ['a control input', '^evil', 'WriteFile', []],
    ['an output of a node', 'evil:0', 'ReadFile', []],
    ['an odd output of a node', 'evil:x:0', 'PyFunc', []],
  ])('is refused if %s has an operation that is no arithmetic', async (_, place, op, input) => {
    await change(({ modelTopology: { node } }) => {
      const pooled = node.find(({ name }) => name === 'pooled')!;
      if (place === 'pooled') return void Object.assign(pooled, { op, input });
      node.push({ name: 'evil', op, input });
      pooled.input!.push(place);
    });
    await expect(load()).rejects.toThrow(EncoderError);
    await expect(load()).rejects.toThrow(`uses the operation "${op}" in its node`);
  });

  it('may contain other operations before its input and after its output', async () => {
    await change(({ modelTopology: { node } }) => {
      node.push({ name: 'after', op: 'NonMaxSuppressionV5', input: ['pooled'] });
    });
    await load();
  });

  it('ends the check of a graph whose nodes feed each other', () => {
    const circle = [
      { name: 'a', op: 'Identity', input: ['b'] },
      { name: 'b', op: 'Identity', input: ['a'] },
    ];
    expectAllowedOperations('file', circle, { input: 'pictures', output: 'a' });
  });

  it('runs no second graph while it is loaded', async () => {
    await change((model) => (model.modelInitializer = { node: [{ name: 'x', op: 'WriteFile' }] }));
    expect((await readModelFiles(spec.path)).artifacts).not.toHaveProperty('modelInitializer');
  });
});

describe('weights that somebody else named', () => {
  it.each(['../outside.bin', '/dev/zero', '/etc/passwd', 'sub/../../outside.bin', ''])(
    'are refused outside the folder: %j',
    async (name) => {
      await copyFile(inFolder('model/first.bin'), inFolder('outside.bin'));
      await change(({ weightsManifest: [manifest] }) => (manifest!.paths[0] = name));
      await expect(load()).rejects.toThrow(/names the weights ".*", which are outside its folder/);
    },
  );

  it.skipIf(process.platform === 'win32')('are refused if they are a link, a device or a pipe', async () => {
    const shard = inFolder('model/first.bin');
    for (const make of [
      () => symlink('/dev/zero', shard),
      () => symlink(inFolder('model/second.bin'), shard),
      () => execFileSync('mkfifo', [shard]),
      () => mkdir(shard),
    ]) {
      await rm(shard, { recursive: true });
      await make();
      await expect(load()).rejects.toThrow(
        /first\.bin" of the encoder model .*: it is (a symbolic link|not a regular file)/,
      );
    }
  });

  it('are refused in a folder that is a link', async () => {
    await mkdir(inFolder('elsewhere'));
    await copyFile(inFolder('model/first.bin'), inFolder('elsewhere/first.bin'));
    await symlink(inFolder('elsewhere'), inFolder('model/sub'));
    await change(({ weightsManifest: [manifest] }) => (manifest!.paths[0] = 'sub/first.bin'));
    await expect(load()).rejects.toThrow(/outside its folder/);
  });

  it('are not read beyond the declared size, and not at all if too much is declared', async () => {
    await writeFile(inFolder('model/first.bin'), Buffer.alloc(1000));
    await expect(load()).rejects.toThrow(/it has 1000 bytes; at most 32 are read/);
    await change(({ weightsManifest: [manifest] }) => (manifest!.weights[0]!.shape = [1e5, 1e5]));
    await expect(load()).rejects.toThrow(/declares 40000000008 bytes of weights; at most/);
  });

  it('are not asked for if the description is a device', async () => {
    spec = { ...spec, path: '/dev/zero' };
    await expect(load()).rejects.toThrow(/"\/dev\/zero" .*: it is not a regular file/);
  });
});
