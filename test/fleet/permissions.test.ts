import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FleetStatus, openFleet } from 'cutover/fleet'
import { describe, expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { directory } from '../fixtures/system.js'
import { FleetBed } from './fleetBed.js'
import { NatsServer } from './natsServer.js'

/** The permissions of a node, as docs/fleet.md has them. */
function documented(node: string, without: readonly string[] = []): string {
  const [, text = ''] = /```\n(\{\n {2}user: n1[\s\S]*?)```/.exec(readFileSync('docs/fleet.md', 'utf8')) ?? []
  const own = text
    .replaceAll('n1', node)
    .replace(/password: \S+/, 'password: secret')
    .replaceAll('$N1', 'secret')
  return without.reduce((permissions, subject) => permissions.replace(`"${subject}"`, '"none"'), own)
}

const OPERATOR = '{ user: operator, password: secret }'
const login = (user: string) => ({ user, pass: 'secret' })

describe.skipIf(noNatsServer !== undefined)(`Permissions ${noNatsServer ?? ''}`, () => {
  it('Nodes with the documented permissions go from version to version, and cannot write for others', async () => {
    const users = [OPERATOR, documented('n1'), documented('n2', ['$KV.cutover_pricing.wanted'])]
    await using server = await NatsServer.start({ config: `authorization { users: [\n${users.join('\n')}\n] }` })
    await using bed = await FleetBed.open(server, 'pricing', 0, { connection: login('operator') })
    const connection = await server.connect(login('n1'))
    const other = await server.connect(login('n2'))
    await bed.add('n1', { node: { connection } })
    await bed.add('n2', { node: { connection: other, observe: false } })
    await bed.pass(7_000, [connection, other])
    await bed.operator.deploy('2.0.0', { waves: [{ percent: 1 }, { percent: 100 }] })
    await bed.node(bed.inOrder('2.0.0')[0] ?? '').until(({ state }) => state === 'proven')
    const isEverywhere = ({ nodes }: FleetStatus) => nodes.every(({ version }) => version === '2.0.0')
    await bed.seenInTime(isEverywhere, [connection, other])
    await bed.seenInTime(({ state }) => state === 'permanent', [connection, other])
    const reader = await openFleet({ connection: other, fleet: 'pricing' })
    await expect(reader.deploy('3.0.0')).rejects.toMatchObject({ code: 'CUTOVER_FLEET_UNAVAILABLE' })
    expect((await reader.status()).wanted?.version).toBe('2.0.0')
    await reader.close()
    await expect(other.request('$KV.cutover_pricing_nodes.n1', 'x')).rejects.toThrow(/permissions violation/i)
    await expect(other.request('$KV.cutover_pricing.wanted', 'x')).rejects.toThrow(/permissions violation/i)
  })

  it('A node without permission serves on, and says what it may not', async () => {
    const users = [OPERATOR, documented('n1', ['$KV.cutover_pricing_nodes.n1'])]
    await using server = await NatsServer.start({ config: `authorization { users: [\n${users.join('\n')}\n] }` })
    await using bed = await FleetBed.open(server, 'pricing', 0, { connection: login('operator') })
    const connection = await server.connect(login('n1'))
    const node = bed.join('n1', { node: { connection } })
    const { reason, state } = await node.until(({ link }) => link === 'waiting')
    expect({ reason, state }).toEqual({ reason: expect.stringMatching(/permissions violation/i), state: 'joining' })
    await node.rollout.to('1.0.0', { verify: () => {} })
    expect(node.aggregate.status().active).toBe('1.0.0')
  })

  it('A fleet works over TLS with a certificate of the client, and nobody is let in without one', async () => {
    const folder = directory()
    const files = { ca: join(folder, 'ca.pem'), key: join(folder, 'key.pem') }
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const out = ['-keyout', files.key, '-out', files.ca]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject, ...out], {
      stdio: 'ignore',
    })
    const config = `tls { cert_file: "${files.ca}", key_file: "${files.key}", ca_file: "${files.ca}", verify: true }`
    await using server = await NatsServer.start({ config })
    const tls = { caFile: files.ca, certFile: files.ca, keyFile: files.key }
    await expect(server.connect({ tls: { caFile: files.ca }, reconnect: false })).rejects.toThrow()
    await using bed = await FleetBed.open(server, 'secret', 2, { connection: { tls } })
    await bed.operator.deploy('2.0.0', { waves: [{ percent: 100 }] })
    await bed.seen(({ state }) => state === 'permanent')
  })
})
