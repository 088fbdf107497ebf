import { Command } from 'commander';
import { examineMachine, type MachineReport } from '../runtime/doctor.js';
import type { CommandOutcome } from './run-cli.js';
import { printJson, printResult, type Terminal } from './terminal.js';

/** `framewise doctor`. */
export function doctorCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  return new Command('doctor')
    .description('Say what this machine has, and what to do about what is missing.')
    .option('--json', 'print one JSON object on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const machine = await examineMachine();
      if (json) printJson(terminal, machine, 2);
      else printResult(terminal, ...spell(machine));
      report({ isAllDone: machine.isReady });
    });
}

function spell(machine: MachineReport): string[] {
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
  for (const { name, isAvailable, version, device, deviceName, reason, ability } of backends) {
    const mark = name === backend ? '→' : ' ';
    const state = isAvailable
      ? `yes, ${version} on the ${device === 'gpu' ? 'GPU' : 'processor'}${deviceName ? `: ${deviceName}` : ''}`
      : `no: ${reason}`;
    lines.push(`${mark} ${name.padEnd(15)} ${state}`, `  ${''.padEnd(15)} ${ability}`);
  }
  lines.push('');
  if (advice.length > 0) lines.push('what to do', ...advice.map((sentence) => `- ${sentence}`), '');
  lines.push(isReady ? 'Ready to label videos.' : 'Not ready to label videos.');
  return lines;
}
