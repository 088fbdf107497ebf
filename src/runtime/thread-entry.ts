/**
 * URL to start a worker thread with. Compiled code is started directly. TypeScript sources, in tests and scripts, need tsx,
 * whose loader works only in the main thread (privatenumber/tsx#354), so the thread registers it before it loads the
 * module.
 *
 * @param module - Module of the thread, `new URL('./name.js', import.meta.url)`.
 */
export function threadEntry(module: URL): URL {
  if (!import.meta.url.endsWith('.ts')) return module;
  const source = `
    import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
    register();
    await import(${JSON.stringify(module.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
