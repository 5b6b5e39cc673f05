/** How the console is built and served while it is written. Nothing in it is inline, so that a strict CSP holds. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const API = 'http://localhost:4000';

/** Beside each file that shrinks: itself as .br and .gz, so that the server compresses nothing. */
function compressed(): Plugin {
  let dir = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved({ root, build }) {
      dir = join(root, build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(dir, { recursive: true });
      for (const path of entries
        .filter((entry) => /\.(js|css|html|svg)$/.test(entry))
        .map((entry) => join(dir, entry))) {
        const content = await readFile(path);
        await writeFile(`${path}.br`, brotliCompressSync(content));
        await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  plugins: [react(), compressed()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/api': { target: API } } },
});
