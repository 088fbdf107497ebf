import { existsSync } from 'node:fs';
import { Command } from 'commander';
import type { NativeBackend } from '../../native/native-folder.js';
import { NATIVE_PARTS, planNativeSetup, type NativeSetup } from '../../native/plan-native-setup.js';
import { setUpNative, undoNativeSetup } from '../../native/set-up-native.js';
import { DEFAULT_TENSORFLOW } from '../../native/install-tensorflow.js';
import type { CommandOutcome } from '../command-outcome.js';
import { printNote, printResult, type Terminal } from '../terminal/terminal.js';

interface SetupOptions {
  python?: string;
  tensorflow?: string;
  cuda?: boolean;
  undo?: boolean;
  dryRun?: boolean;
}

/** Says that the driver of an NVIDIA GPU runs. */
const NVIDIA_DRIVER = '/proc/driver/nvidia/version';

/** `framewise setup-native`. */
export function setupNativeCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  return new Command('setup-native')
    .description("Build the backends tensorflow and tensorflow-gpu on this machine, from pip's TensorFlow.")
    .option('--tensorflow <release>', `release of TensorFlow, 2.15 or newer (default: ${DEFAULT_TENSORFLOW})`)
    .option('--python <program>', 'Python whose pip brings it (default: python3)')
    .option('--cuda', 'for an NVIDIA GPU: the backend tensorflow-gpu')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--undo', 'remove what was set up')
    .addHelpText(
      'after',
      '\nEverything lies in FRAMEWISE_NATIVE (default: framewise/native in the cache folder of the user).',
    )
    .action(async ({ python, tensorflow, cuda, undo, dryRun }: SetupOptions) => {
      const backend = cuda ? 'tensorflow-gpu' : 'tensorflow';
      if (undo) await removeSetup(terminal, backend);
      else {
        const setup = await planNativeSetup({ backend, python, tensorflow }, terminal.signal);
        printNote(terminal, `compiler  ${setup.tools.compilerVersion} (${setup.tools.compiler})`);
        printNote(terminal, `pip       ${setup.tools.pipVersion}`);
        printNote(terminal, `folder    ${setup.folder.root}`);
        if (cuda && !existsSync(NVIDIA_DRIVER)) {
          printNote(
            terminal,
            'No driver of an NVIDIA GPU runs here; without one it will compute on the processor.',
            'note:',
          );
        }
        if (dryRun) describeSetup(terminal, setup);
        else await carryOut(terminal, setup);
      }
      report({ isAllDone: true });
    });
}

function describeSetup(terminal: Terminal, { missing, stale, work }: NativeSetup): void {
  for (const part of NATIVE_PARTS) {
    const fate = stale.includes(part) ? 'remove, then ' : '';
    printResult(terminal, missing.includes(part) ? `${part}: ${fate}${work[part]}` : `${part}: is there`);
  }
  printResult(terminal, 'proof: a process of its own multiplies two matrices');
}

async function carryOut(terminal: Terminal, setup: NativeSetup): Promise<void> {
  const { plan, missing, stale, work } = setup;
  if (stale.length > 0) printNote(terminal, `removes   ${stale.join(', ')} of an earlier set-up`);
  const { tensorflow, device } = await setUpNative(
    setup,
    (part) => printNote(terminal, `${missing.indexOf(part) + 1}/${missing.length}       ${work[part]} …`),
    terminal.signal,
  );
  printResult(
    terminal,
    `The backend ${plan.backend} computes, with TensorFlow ${tensorflow} on the ${device === 'gpu' ? 'GPU' : 'processor'}.` +
      (missing.length === 0 ? ' Everything was there already.' : ''),
  );
  if (plan.backend === 'tensorflow-gpu' && device === 'cpu') {
    printNote(
      terminal,
      'It finds no CUDA device. See whether "nvidia-smi" lists one and its driver is for CUDA 12.',
      'note:',
    );
  }
}

async function removeSetup(terminal: Terminal, backend: NativeBackend): Promise<void> {
  const removed = await undoNativeSetup(backend);
  printResult(
    terminal,
    removed === undefined ? `Nothing is set up for ${backend}.` : `Removed "${removed}".`,
  );
}
