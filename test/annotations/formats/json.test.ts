import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { jsonFormat, readTimelineJson, timelineJsonSchema } from '../../../src/annotations/formats/json.js';
import { AnnotationError } from '../../../src/errors.js';
import { street } from '../street.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const fixture = fileURLToPath(new URL('../../../fixtures/labels/street.timeline-v1.json', import.meta.url));

interface Written {
  video: { source: string };
  frames: Record<string, unknown>[];
  segments: Record<string, unknown>[];
}
const parse = (text: string) => JSON.parse(text) as Written;

describe('the json format', () => {
  it('has not changed since version 1 was published', async () => {
    expect(jsonFormat.write(street, { includeProbabilities: true })).toBe(await readFile(fixture, 'utf8'));
  });

  it('fits its published JSON Schema, which is strict', () => {
    const validate = new Ajv2020().compile(timelineJsonSchema());
    for (const includeProbabilities of [true, false]) {
      const content = parse(jsonFormat.write(street, { includeProbabilities }));
      expect(validate(content), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...content, formatVersion: 2 })).toBe(false);
      expect(validate({ ...content, segments: [{ ...content.segments[0], confidence: 1.5 }] })).toBe(false);
      expect(validate({ ...content, frames: [{ index: 0 }] })).toBe(false);
    }
  });

  it('describes fields in its schema', () => {
    const schema = JSON.stringify(timelineJsonSchema());
    expect(schema).toContain('Exclusive end.');
    expect(schema).toContain('never smoothed');
  });

  it('omits probabilities by default', () => {
    expect(parse(jsonFormat.write(street)).frames[0]).toEqual({
      index: 0,
      timeSec: 0,
      label: 'walk, slowly',
      confidence: 0.75,
    });
  });

  it('does not write the password of a camera URL', () => {
    const video = { ...street.video, source: 'rtsp://user:secret@camera:554/1?token=secret' };
    const text = jsonFormat.write({ ...street, video });
    expect(parse(text).video.source).toBe('rtsp://camera:554/1');
    expect(text).not.toContain('secret');
  });
});

describe('readTimelineJson', () => {
  it('reads what was written, with times to the microsecond', async () => {
    const microseconds = <Row extends { timeSec?: number; startSec?: number; endSec?: number }>(
      row: Row,
    ) => ({
      ...row,
      ...Object.fromEntries(
        Object.entries(row).flatMap(([key, value]) =>
          key.endsWith('Sec') ? [[key, Number(value.toFixed(6))]] : [],
        ),
      ),
    });
    expect(await readTimelineJson(fixture)).toEqual({
      ...street,
      frames: street.frames.map(microseconds),
      segments: street.segments.map(microseconds),
    });
  });

  it('ignores fields that a later release may add', async () => {
    const content = { ...parse(jsonFormat.write(street)), weather: 'rain' };
    const timeline = await readTimelineJson(await write('later.json', JSON.stringify(content)));
    expect(timeline).not.toHaveProperty('weather');
    expect(timeline.segments).toHaveLength(3);
  });

  it.each([
    [
      'another version',
      (text: string) => text.replace('"formatVersion": 1', '"formatVersion": 2'),
      'formatVersion',
    ],
    ['another file', () => '{"a": 1}', 'format'],
    [
      'a reversed segment',
      (text: string) => text.replace('"endSec":0.333333', '"endSec":0'),
      'segments.0.endSec',
    ],
    ['an unknown label', (text: string) => text.replace('"label":"say', '"label":"pay'), 'segments.1.label'],
  ])('refuses %s and states the position', async (_, change, where) => {
    const file = await write('bad.json', change(jsonFormat.write(street)));
    const reading = readTimelineJson(file);
    await expect(reading).rejects.toThrow(AnnotationError);
    await expect(reading).rejects.toThrow(
      `"${file}" is not a framewise timeline of version 1: at "${where}"`,
    );
  });

  it('refuses too few probabilities', async () => {
    const text = jsonFormat.write(street, { includeProbabilities: true }).replace('[0.75,0.25,0]', '[1,0]');
    await expect(readTimelineJson(await write('bad.json', text))).rejects.toThrow(
      'at "frames.0.probabilities", expected 3, received 2',
    );
  });

  it('refuses a truncated file and a missing file', async () => {
    const half = await write('half.json', jsonFormat.write(street).slice(0, 200));
    await expect(readTimelineJson(half)).rejects.toThrow(/Cannot read ".*half.json" as JSON/);
    await expect(readTimelineJson(inFolder('absent.json'))).rejects.toThrow(/ENOENT/);
  });
});
