import type { KernelFiles } from '../../src/host/control-group.js';

/** Kernel files faked for a test: path → content, which may change while a file is open. */
export function drawnFiles(files: Readonly<Record<string, string>>): KernelFiles {
  const readFile = (path: string): string | null => files[path] ?? null;
  return {
    readFile,
    open(path) {
      if (!(path in files)) return null;
      let open = true;
      return {
        read: () => (open ? readFile(path) : null),
        close: () => {
          open = false;
        },
      };
    },
  };
}
