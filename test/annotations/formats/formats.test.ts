import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  annotationFormats,
  findFormats,
  writeAnnotations,
} from '../../../src/annotations/formats/formats.js';
import { FORMAT_WORDS } from '../../../src/video/media-names.js';
import { OutputError, UsageError } from '../../../src/errors.js';
import { short, street } from '../street.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const written = (name: string) => findFormats([name])[0]?.write(street);

describe('findFormats', () => {
  it('finds each named format once', () => {
    expect(findFormats(['vtt', 'json', 'vtt']).map((format) => format.extension)).toEqual(['.vtt', '.json']);
  });

  it.each(['xls', '', 'CSV', 'constructor'])('refuses "%s" and lists all formats', (name) => {
    expect(() => findFormats(['json', name])).toThrow(UsageError);
    expect(() => findFormats([name])).toThrow(
      `Unknown label format "${name}". Choose from json, jsonl, csv, csv-frames, vtt, srt, `,
    );
  });
});

describe('the formats', () => {
  it('have different file names, and the words that distinguish them are reserved', () => {
    const extensions = annotationFormats.map(({ extension }) => extension);
    expect(new Set(extensions).size).toBe(extensions.length);
    const words = extensions.flatMap((extension) => /^\.(.+)\.\w+$/.exec(extension)?.[1] ?? []);
    expect(words.sort()).toEqual(FORMAT_WORDS);
  });

  it('write files with an extension that they read', () => {
    for (const { extension, extensions } of annotationFormats) {
      expect(extensions).toContain(path.extname(`street${extension}`));
    }
  });
});

describe('csv', () => {
  it('writes one row per segment, quoted as in RFC 4180', () => {
    expect(written('csv')).toBe(
      'video,label,start,end,confidence\n' +
        '"street, ""north"".mp4","walk, slowly",0.000,0.333,0.7500\n' +
        '"street, ""north"".mp4","say ""hi""",0.333,3601.000,0.7500\n' +
        '"street, ""north"".mp4","a --> b\n\n<c> & d",3601.000,3601.500,0.6250\n',
    );
  });
});

describe('csv-frames', () => {
  it('writes one row per frame', () => {
    expect(written('csv-frames')).toBe(
      'video,frame,time,label,confidence\n' +
        '"street, ""north"".mp4",0,0.000,"walk, slowly",0.7500\n' +
        '"street, ""north"".mp4",1,0.333,"say ""hi""",0.5000\n' +
        '"street, ""north"".mp4",2,0.667,"say ""hi""",1.0000\n' +
        '"street, ""north"".mp4",3,3601.000,"a --> b\n\n<c> & d",0.6250\n',
    );
  });
});

describe('writeAnnotations', () => {
  it('creates the output folder and writes one file per format', async () => {
    const outputDir = inFolder('new/folder');
    const formats = ['csv-frames', 'csv', 'vtt', 'json'];
    const files = await writeAnnotations(street, { formats, outputDir, baseName: 'street' });
    expect(files).toEqual(
      ['street.frames.csv', 'street.csv', 'street.vtt', 'street.json'].map((name) =>
        inFolder(`new/folder/${name}`),
      ),
    );
    expect(await readdir(outputDir)).toHaveLength(4);
    expect(await readFile(files[2] as string, 'utf8')).toBe(written('vtt'));
  });

  it('writes all formats into one folder', async () => {
    const formats = annotationFormats.map(({ name }) => name);
    const outputDir = inFolder('all');
    const files = await writeAnnotations(short, { formats, outputDir, baseName: 'street' });
    expect(new Set(files).size).toBe(14);
    expect((await readdir(outputDir)).sort()).toEqual(files.map((file) => path.basename(file)).sort());
    for (const file of files) expect(await readFile(file, 'utf8')).toContain('walk');
  });

  it('writes nothing if one format is unknown', async () => {
    const target = { formats: ['json', 'xml'], outputDir: inFolder('new'), baseName: 'street' };
    await expect(writeAnnotations(street, target)).rejects.toThrow(UsageError);
    await expect(readdir(inFolder('new'))).rejects.toThrow('ENOENT');
  });

  it('throws OutputError if the folder cannot be written', async () => {
    const file = await write('a-file');
    const target = { formats: ['json'], outputDir: file, baseName: 'street' };
    await expect(writeAnnotations(street, target)).rejects.toThrow(OutputError);
  });
});
