import { Command } from 'commander';
import { measureEncoderPace, type EncoderPace } from '../../encoder/create-frame-encoder.js';
import { examineMachine, type MachineReport } from '../../runtime/doctor.js';
import { printJson, printResult, type CommandOutcome, type Terminal } from '../terminal/terminal.js';

/** `framewise doctor`. */
export function doctorCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  return new Command('doctor')
    .description('Check this machine: ffmpeg, backends and their speed, and what to do about problems.')
    .option('--json', 'print one JSON object on stdout')
    .option('--no-measure', 'do not measure the speed of each backend, which takes some seconds')
    .action(async ({ json, measure }: { json?: boolean; measure: boolean }) => {
      const examined = await examineMachine();
      const machine = measure ? await measurePaces(examined) : examined;
      if (json) printJson(terminal, machine, 2);
      else printResult(terminal, ...formatMachine(machine));
      report({ isAllDone: machine.isReady });
    });
}

type MeasuredMachine = MachineReport & {
  backends: (MachineReport['backends'][number] & { encoderPace?: EncoderPace })[];
};

/** Measures one backend after another, because each one uses the whole machine. */
async function measurePaces(machine: MachineReport): Promise<MeasuredMachine> {
  const backends: MeasuredMachine['backends'] = [];
  for (const backend of machine.backends) {
    const { name, isAvailable } = backend;
    backends.push(isAvailable ? { ...backend, encoderPace: await measureEncoderPace(name) } : backend);
  }
  return { ...machine, backends };
}

function formatPace(pace: EncoderPace): string {
  if ('reason' in pace) return `Speed not measured: ${pace.reason}`;
  return `Encodes ${pace.framesPerSec.toPrecision(3)} frames per second, measured just now.`;
}

function formatMachine(machine: MeasuredMachine): string[] {
  const { framewise, node, platform, cores, memoryGiB, backends, backend, ffmpeg, advice, isReady } = machine;
  const lines = [
    `framewise  ${framewise}`,
    `node       ${node}`,
    `machine    ${platform}, ${cores} cores, ${memoryGiB} GiB`,
    ffmpeg
      ? `ffmpeg     ${ffmpeg.version} (${ffmpeg.origin}, ${ffmpeg.ffmpegPath})${ffmpeg.isOutdated ? ', old' : ''}`
      : 'ffmpeg     none',
    '',
    'backends',
  ];
  for (const { name, isAvailable, version, device, deviceName, reason, ability, encoderPace } of backends) {
    const mark = name === backend ? '→' : ' ';
    const state = isAvailable
      ? `yes, ${version} on the ${device === 'gpu' ? 'GPU' : 'processor'}${deviceName ? `: ${deviceName}` : ''}`
      : `no: ${reason}`;
    const remarks = encoderPace ? [ability, formatPace(encoderPace)] : [ability];
    lines.push(
      `${mark} ${name.padEnd(15)} ${state}`,
      ...remarks.map((remark) => `${''.padEnd(17)} ${remark}`),
    );
  }
  lines.push('');
  if (advice.length > 0) lines.push('what to do', ...advice.map((sentence) => `- ${sentence}`), '');
  lines.push(isReady ? 'Ready to label videos.' : 'Not ready to label videos.');
  return lines;
}
