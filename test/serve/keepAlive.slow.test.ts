import { expect, it } from 'vitest'
import { KeptConnections } from '../bench/harness/keptConnections.js'
import { application, Site } from './serving.js'

/** `DEPLOYS=20` for the full form, with a rollback after every fourth. */
const DEPLOYS = Number(process.env['DEPLOYS'] ?? 4)
it(`50 connections with GET, POST of 1 MB and events lose nothing in ${DEPLOYS} deploys, and every fourth taken back`, {
  timeout: 600_000,
}, async () => {
  const site = new Site(application('unprepared'))
  const served = await site.serve('--instances', '2', '--soak', '0')
  const clients = new KeptConnections(served.url)
  for (let deploy = 1; deploy <= DEPLOYS; deploy++) {
    expect(await site.ask('deploy')).toMatchObject({ code: 0 })
    if (deploy % 4 === 0) expect(await site.ask('rollback')).toMatchObject({ code: 0 })
  }
  await clients.end()
  console.info(`answered: ${JSON.stringify(clients.answered)}, connections: ${clients.sockets}`)
  expect(clients.failed).toEqual([])
  expect(clients.sockets).toBe(50)
  served.kill('SIGTERM')
  expect(await served.exited).toEqual([0, null])
})
