/**
 * Deploys under 50 kept connections: `cutover serve`, `node:cluster` and, if its program is named, pm2.
 *
 * `npm run build`, then `DEPLOYS=6 PM2=/somewhere/node_modules/pm2/bin/pm2 node dist/test/bench/deploys/main.js`. Install pm2 in a
 * folder of its own with `npm install --ignore-scripts pm2@7`. It is no part of `npm run bench`: a pm2 that is killed leaves a daemon.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeptConnections } from '../harness/keptConnections.js'
import { type Contender, cluster, cutover, pm2 } from './contenders.js'

const DEPLOYS = Number(process.env['DEPLOYS'] ?? 6)
const PM2 = process.env['PM2']
const PORT = 3987

/** Deploys often, then something that throws. @returns a row of the table */
async function measure(contender: Contender): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'deploys-'))
  try {
    await contender.start(folder, PORT)
    const clients = new KeptConnections(`http://127.0.0.1:${PORT}`)
    const began = performance.now()
    for (let n = 0; n < DEPLOYS; n++) await contender.deploy()
    const each = (performance.now() - began) / DEPLOYS
    await clients.end()
    const answered = Object.values(clients.answered).reduce((sum, value) => sum + value, 0)
    contender.break()
    const brokenAt = performance.now()
    const code = await contender.deploy()
    const took = performance.now() - brokenAt
    const serves = await fetch(`http://127.0.0.1:${PORT}/`).then(
      response => response.ok,
      () => false,
    )
    const figures = [contender.name, `${clients.failed.length} of ${answered + clients.failed.length}`]
    const broken = `exit code ${code ?? 'none'} after ${(took / 1_000).toFixed(1)} s, ${serves ? 'the old version serves' : 'down'}`
    return `| ${[...figures, `${(each / 1_000).toFixed(1)} s`, broken].join(' | ')} |`
  } finally {
    await contender.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const contenders = [cutover()]
if (PM2 !== undefined) contenders.push(pm2(PM2, false), pm2(PM2, true))
contenders.push(cluster())
process.stdout.write(
  `| ${DEPLOYS} deploys | failed | each takes | a version that throws at start |\n|---|---|---|---|\n`,
)
for (const contender of contenders) process.stdout.write(`${await measure(contender)}\n`)
process.exit(0)
