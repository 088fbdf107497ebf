/**
 * Runs `framewise train` from the sources:
 *
 *   npm run train -- <dataset> --output models/mine
 */
import { runCli } from '../src/cli/run-cli.js';

const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
process.exitCode = await runCli(['train', ...process.argv.slice(2)], {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
});
