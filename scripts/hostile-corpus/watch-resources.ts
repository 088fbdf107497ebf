import type { ChildProcess } from 'node:child_process';
import diagnosticsChannel from 'node:diagnostics_channel';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What a stretch of work took and left behind. */
export interface ResourceUse {
  /** Processes that still run. */
  numChildren: number;
  /** What was opened and is open still, by number and name; none where the system does not say. */
  filesLeft: string[];
  /** Memory of this process at its most, above that at the start. */
  growthMiB: number;
  /** Memory of the largest child; 0 where the system does not say. */
  largestChildMiB: number;
  /** Rejections that nobody handled. */
  rejections: unknown[];
}

const SAMPLE_MS = 20;

/** Begins to watch this process and those that it starts. Ends with the function that it returns. */
export function watchResources(): () => ResourceUse {
  const children = new Set<ChildProcess>();
  const rejections: unknown[] = [];
  const onChild = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    children.add(child);
    child.once('exit', () => children.delete(child));
  };
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  diagnosticsChannel.subscribe('child_process', onChild);
  process.on('unhandledRejection', onRejection);
  const filesBefore = new Set(openFiles());
  const before = process.memoryUsage.rss();
  let peak = before;
  let largestChildMiB = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
    for (const { pid } of children) largestChildMiB = Math.max(largestChildMiB, peakMiB(pid));
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    diagnosticsChannel.unsubscribe('child_process', onChild);
    process.off('unhandledRejection', onRejection);
    const filesLeft = openFiles().filter((file) => !filesBefore.has(file));
    return {
      numChildren: children.size,
      filesLeft,
      growthMiB: (peak - before) / 2 ** 20,
      largestChildMiB,
      rejections,
    };
  };
}

function openFiles(): string[] {
  const place = '/proc/self/fd';
  if (!existsSync(place)) return [];
  return readdirSync(place).flatMap((number) => {
    try {
      return [`${number} ${readlinkSync(path.join(place, number))}`];
    } catch {
      return []; // the folder itself, which was open while it was read
    }
  });
}

function peakMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended, or the system has no /proc
  }
}
