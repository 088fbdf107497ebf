/**
 * What to start a worker thread with. Compiled code is started as it is. From its TypeScript sources, in tests and
 * scripts, a thread needs tsx, whose loader serves only the main thread (privatenumber/tsx#354), so it is registered
 * in the thread before the module is loaded.
 *
 * @param module - The thread's module, as `new URL('./name.js', import.meta.url)`.
 */
export function threadEntry(module: URL): URL {
  if (!import.meta.url.endsWith('.ts')) return module;
  const source = `
    import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
    register();
    await import(${JSON.stringify(module.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
