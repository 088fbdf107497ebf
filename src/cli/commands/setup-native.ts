import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { DEFAULT_TENSORFLOW } from '../../native/install-tensorflow.js';
import type { NativeBackend } from '../../native/native-folder.js';
import { NATIVE_PARTS, planNativeSetup, type NativeSetup } from '../../native/plan-native-setup.js';
import { setUpNative, undoNativeSetup } from '../../native/set-up-native.js';
import { quietOption } from '../options.js';
import {
  printNote,
  printResult,
  printStatus,
  type CommandOutcome,
  type Terminal,
} from '../terminal/terminal.js';

interface SetupOptions {
  python?: string;
  tensorflow?: string;
  cuda?: boolean;
  undo?: boolean;
  dryRun?: boolean;
}

/** This file exists while the driver of an NVIDIA GPU is loaded. */
const NVIDIA_DRIVER = '/proc/driver/nvidia/version';

/** `framewise setup-native`. */
export function setupNativeCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  return new Command('setup-native')
    .description("Build the backend tensorflow or tensorflow-gpu for this machine from pip's TensorFlow.")
    .option('--tensorflow <release>', `TensorFlow release, 2.15 or newer (default: ${DEFAULT_TENSORFLOW})`)
    .option('--python <program>', 'Python whose pip installs TensorFlow (default: python3)')
    .option('--cuda', 'build tensorflow-gpu, for an NVIDIA GPU')
    .option('--dry-run', 'print what would be done, and change nothing')
    .option('--undo', 'remove the backend that was set up')
    .addOption(quietOption())
    .addHelpText(
      'after',
      "\nAll files are in FRAMEWISE_NATIVE (default: framewise/native in the user's cache folder).",
    )
    .action(async ({ python, tensorflow, cuda, undo, dryRun }: SetupOptions) => {
      const backend = cuda ? 'tensorflow-gpu' : 'tensorflow';
      if (undo) await removeSetup(terminal, backend);
      else {
        const setup = await planNativeSetup({ backend, python, tensorflow }, terminal.signal);
        printStatus(terminal, `compiler  ${setup.tools.compilerVersion} (${setup.tools.compiler})`);
        printStatus(terminal, `pip       ${setup.tools.pipVersion}`);
        printStatus(terminal, `folder    ${setup.folder.root}`);
        if (cuda && !existsSync(NVIDIA_DRIVER)) {
          printNote(
            terminal,
            'No NVIDIA driver is loaded on this machine. Without one the backend computes on the processor.',
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
    const removal = stale.includes(part) ? 'remove, then ' : '';
    printResult(
      terminal,
      missing.includes(part) ? `${part}: ${removal}${work[part]}` : `${part}: already there`,
    );
  }
  printResult(terminal, 'proof: a separate process multiplies two matrices');
}

async function carryOut(terminal: Terminal, setup: NativeSetup): Promise<void> {
  const { plan, missing, stale, work } = setup;
  if (stale.length > 0) printStatus(terminal, `removing  ${stale.join(', ')} of an earlier setup`);
  const { tensorflow, device } = await setUpNative(
    setup,
    (part) => printStatus(terminal, `${missing.indexOf(part) + 1}/${missing.length}       ${work[part]} …`),
    terminal.signal,
  );
  printResult(
    terminal,
    `The backend ${plan.backend} works, with TensorFlow ${tensorflow} on the ${device === 'gpu' ? 'GPU' : 'processor'}.` +
      (missing.length === 0 ? ' Everything was already there.' : ''),
  );
  if (plan.backend === 'tensorflow-gpu' && device === 'cpu') {
    printNote(
      terminal,
      'TensorFlow finds no CUDA device. Check that "nvidia-smi" lists one and that its driver supports CUDA 12.',
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
