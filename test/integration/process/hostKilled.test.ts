import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { guestFile } from '../../fixtures/remoteHost.js'
import { gone, socketDirectoriesGone } from '../../fixtures/system.js'

/** All processes that were started by `pid`, or by one of those, and are alive. */
function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]))
    } catch {}
  }
  const isOurs = (id: number): boolean => {
    const parent = parents.get(id)
    return parent === pid || (parent !== undefined && parent > 1 && isOurs(parent))
  }
  return [...parents.keys()].filter(isOurs)
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('Its output is not read.')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return line
}

describe('A host that is killed by SIGKILL while 100 calls are in flight', { timeout: 20_000 }, () => {
  it.each(['hang', 'block'])('leaves no process and no directory after 2 s, though its guests %s', async deed => {
    const host = spawn(process.execPath, [guestFile('busyHost').pathname, deed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pids = JSON.parse(await firstLine(host)) as number[]
    const family = descendantsOf(host.pid ?? 0)
    expect(family).toEqual(expect.arrayContaining(pids))
    const killed = Date.now()
    host.kill('SIGKILL')
    await once(host, 'exit')
    await gone([...family, ...pids])
    expect(Date.now() - killed).toBeLessThan(2_000)
    await socketDirectoriesGone(host.pid ?? 0)
    expect(Date.now() - killed).toBeLessThan(2_000)
  })

  it.each(['hang', 'block'])('leaves nothing of a guest that runs below a shell, though it does %s', async deed => {
    const host = spawn(process.execPath, [guestFile('wrappedHost').pathname, deed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pids = JSON.parse(await firstLine(host)) as number[]
    const family = descendantsOf(host.pid ?? 0)
    expect(family.length).toBeGreaterThan(pids.length)
    const killed = Date.now()
    host.kill('SIGKILL')
    await gone([...family, ...pids])
    expect(Date.now() - killed).toBeLessThan(2_000)
  })
})
