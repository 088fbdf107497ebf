import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { annotationFormats, findFormats } from '../../annotations/formats/formats.js';
import { UsageError } from '../../errors.js';
import {
  grayLevels,
  limitOptions,
  machineOptions,
  positiveNumber,
  quietOption,
  segmentOptions,
  wholeNumber,
} from '../options.js';
import type { CommandOutcome, Terminal } from '../terminal/terminal.js';
import { labelBatch, type BatchFlags } from './label-batch.js';
import { labelLive, liveOptions } from './label-live.js';

interface LabelFlags extends BatchFlags {
  list?: string;
  live?: boolean;
}

/** `framewise label`. */
export function labelCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const known = annotationFormats.map(({ name }) => name);
  const splitFormats = (text: string): string[] => text.split(',').map((name) => name.trim());
  const command = new Command('label')
    .description('Label videos: files, folders of videos, folders of pictures, and live sources.')
    .argument(
      '[videos...]',
      "video files, folders (searched recursively), and quoted patterns such as 'day-*/**/*.mp4'",
    )
    .option('--list <file>', 'file with more videos, one per line; - reads the list from stdin')
    .requiredOption('--model <dir>', 'folder of a trained model')
    .option('--output <dir>', 'folder for the label files; required without --live')
    .addOption(
      new Option('--format <names>', `label formats, separated by commas: ${known.join(', ')}`)
        .argParser(splitFormats)
        .default(['json', 'csv', 'vtt'], 'json,csv,vtt'),
    )
    .option('--every-frame', "label every source frame (default: frames at the model's frame rate)")
    .option('--probabilities', 'write the probability of every label into the JSON')
    .option('--escape-formulas', "write ' before texts in CSV that a spreadsheet would take for a formula")
    .option('--start <seconds>', 'start of the range to label', positiveNumber({ orZero: true }))
    .option('--duration <seconds>', 'length of the range to label', positiveNumber())
    .option(
      '--background <label>',
      'label for frames outside the range, for formats that label every frame (ms-tcn)',
    )
    .option(
      '--skip-unchanged <levels>',
      'do not encode frames whose 16×16 tiles all differ by less than <levels> from the last encoded frame ' +
        '(0-255; try 3)',
      grayLevels,
    )
    .option(
      '--stream <index>',
      'video stream to label, as ffprobe counts all streams (default: the one that players show)',
      wholeNumber(0),
    )
    .option('--allow-remote', 'allow URLs; without it only local files are opened')
    .option(
      '--allow-host <host>',
      'another host that redirects and playlists of a URL may lead to; repeatable (default: only its own host)',
      (host: string, hosts: string[] = []) => [...hosts, host],
    )
    .option(
      '--stall-timeout <seconds>',
      'fail a video that delivers no frame for this long (default: 30)',
      positiveNumber(),
    )
    .option(
      '--concurrency <n>',
      'videos decoded at a time; each one starts its own ffmpeg process (default: 2)',
      wholeNumber(1),
    )
    .option('--retry-failed', 'retry videos that failed in an earlier run')
    .option('--overwrite', 'label all videos again, and replace label files that were edited')
    .option('--json', 'print one JSON object about all videos and their files on stdout');
  const shared = [
    ...[quietOption(), ...segmentOptions(), ...drawOptions(), ...liveOptions()],
    ...[...limitOptions(), ...machineOptions()],
  ];
  for (const option of shared) command.addOption(option);
  return command.action(async (videos: string[], flags: LabelFlags) => {
    if (flags.live) return report(await labelLive(terminal, videos, flags));
    if (flags.output === undefined) command.error("error: required option '--output <dir>' not specified");
    report(await label(terminal, videos, flags));
  });
}

async function label(terminal: Terminal, named: string[], flags: LabelFlags): Promise<CommandOutcome> {
  findFormats(flags.format); // Fails now instead of after the model is loaded.
  const listed = flags.list === undefined ? [] : await readVideoList(flags.list, terminal);
  const places = [...named, ...listed];
  if (places.length === 0) {
    throw new UsageError('Nothing to label: name videos, folders or patterns, or give a list with --list.');
  }
  return labelBatch(terminal, places, flags);
}

/** `--overlay`, `--contact-sheet` and `--report`. */
function drawOptions(): Option[] {
  return [
    new Option('--overlay', 'also write a copy of each video with labels and a timeline drawn into it'),
    new Option('--contact-sheet', 'also write one picture per video with a thumbnail per segment'),
    new Option('--report', 'also write report.html: a searchable page of all videos with their timelines'),
  ];
}

/**
 * Reads a list of videos: one path or URL per line, or each one ended by NUL as `find -print0` writes it. Empty lines
 * are ignored.
 *
 * @param list - File, or `-` for stdin.
 * @throws {UsageError} If the list cannot be read or is empty.
 */
async function readVideoList(list: string, terminal: Terminal): Promise<string[]> {
  const text = list === '-' ? await readAll(terminal.stdin) : await readListFile(list);
  const places = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((place) => place.trim() !== '');
  if (places.length > 0) return places;
  throw new UsageError(`The list of videos "${list}" is empty. Write one path per line.`);
}

async function readListFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read the list of videos "${file}": ${(cause as Error).message}.`, { cause });
  }
}

async function readAll(stream: Terminal['stdin']): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
