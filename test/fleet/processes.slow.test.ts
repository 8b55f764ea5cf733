import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Fleet, type FleetStatus, openFleet } from 'cutover/fleet'
import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { directory } from '../fixtures/system.js'
import { NatsServer } from './natsServer.js'

/** A process with a node of a fleet. */
class NodeProcess {
  /** The lines that it has printed. */
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, ['test/fixtures/processes/fleetNode.mjs', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child = child
    onTestFinished(() => void child.kill('SIGKILL'))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      this.lines.push(line)
      for (const look of [...this.#waiting]) look()
    })
  }

  /** Resolves when it has printed such a line. */
  until(line: RegExp): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!this.lines.some(it => line.test(it))) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

const seen = (fleet: Fleet, is: (status: FleetStatus) => boolean) => firstValueFrom(fleet.watch().pipe(filter(is)))

describe.skipIf(noNatsServer !== undefined)(`A fleet of processes ${noNatsServer ?? ''}`, () => {
  it('survives SIGKILL of a node that moves, and of nats-server', { timeout: 600_000 }, async () => {
    await using server = await NatsServer.start()
    const folder = directory()
    const start = (name: string, held = '') => {
      return new NodeProcess([server.url, 'killed', name, join(folder, `${name}.json`), held])
    }
    const processes = ['n1', 'n2', 'n3'].map(name => start(name, name === 'n2' ? '3.0.0' : ''))
    const [, second] = processes as [NodeProcess, NodeProcess, NodeProcess]
    await Promise.all(processes.map(it => it.until(/^settled judging 1\.0\.0$/)))
    const connection = await server.connect()
    const fleet = await openFleet({ connection, fleet: 'killed', heartbeat: 500, heartbeatTimeout: 2_500 })
    const isOn = (version: string, nodes: FleetStatus['nodes']) => nodes.every(node => node.version === version)

    await fleet.deploy('2.0.0', { waves: [{ percent: 1 }, { percent: 100 }] })
    await seen(fleet, ({ state, nodes }) => state === 'permanent' && isOn('2.0.0', nodes))

    second.lines.length = 0
    await fleet.deploy('3.0.0', { waves: [{ percent: 100 }] })
    await second.until(/^moving judging 2\.0\.0$/)
    await second.kill()
    const { wanted } = await seen(fleet, ({ state, nodes }) => state === 'halted' && isOn('2.0.0', nodes))
    expect(wanted?.reason).toContain('n2 is silent since it began to move')
    const back = start('n2')
    await back.until(/^settled judging 2\.0\.0$/)

    await server.kill()
    await back.until(/^settled away 2\.0\.0$/)
    back.lines.length = 0
    await server.launch()
    await back.until(/^settled judging 2\.0\.0$/)
    await seen(fleet, ({ nodes }) => nodes.length === 3 && nodes.every(({ alive }) => alive === true))
    await fleet.deploy('4.0.0', { waves: [{ percent: 100 }] })
    await seen(fleet, ({ state, nodes }) => state === 'permanent' && isOn('4.0.0', nodes))
    for (const { lines } of [...processes, back]) expect(lines.filter(line => line.startsWith('wrong'))).toEqual([])
    await fleet.close()
  })
})
