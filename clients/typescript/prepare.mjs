// Builds dist/ for whoever installs this folder (`npm install ./clients/typescript`) or packs it. npm doesn't install the
// tools of a folder that it links, so they are fetched here where they are missing.
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const run = (command) => execSync(command, { cwd: folder, stdio: ['ignore', 2, 2] });

if (!existsSync(new URL('node_modules/typescript', import.meta.url)))
  run('npm ci --ignore-scripts --no-audit --no-fund');
run('npm run build');
