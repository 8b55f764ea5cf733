import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { TestClient } from '../fixtures/inspect/testClient.js'
import { Noted } from '../fixtures/noted.js'

const run = promisify(execFile)

describe('A program with an inspector', () => {
  const inspectModule = resolve('dist/lib/inspect.js')
  const evaluate = (code: string, cwd = '.') =>
    run(process.execPath, ['--input-type=module', '-e', code], { cwd, timeout: 30_000 })

  it('exits by itself, after close and with a connected client', async () => {
    const { stdout } = await evaluate(`
      import { startInspector } from ${JSON.stringify(inspectModule)}
      const first = await startInspector()
      await first.close()
      const { url } = await startInspector()
      console.log(url)
    `)
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/)
    const child = execFile(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startInspector } from ${JSON.stringify(inspectModule)}
       console.log((await startInspector()).url)
       process.stdin.once('data', () => process.stdin.unref())`,
    ])
    const url = await new Promise<string>(found => child.stdout?.once('data', text => found(String(text).trim())))
    const client = await TestClient.connect(url)
    const exited = new Promise<number | null>(ended => child.once('exit', ended))
    child.stdin?.write('x')
    expect(await exited).toBe(0)
    await client.closed
  })

  it('stays alive until close is done, even if a client confirms late', async () => {
    const child = execFile(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startInspector } from ${JSON.stringify(inspectModule)}
       const inspector = await startInspector()
       console.log(inspector.url)
       process.stdin.once('data', async () => {
         process.stdin.unref()
         const closed = inspector.close()
         console.log('closing')
         await closed
         console.log('closed')
       })`,
    ])
    const lines = new Noted<string>()
    createInterface({ input: child.stdout as Readable }).on('line', line => lines.add(line))
    await lines.count(1)
    const client = await TestClient.connect(lines.all[0] ?? '')
    const exited = once(child, 'exit')
    client.socket.pause()
    child.stdin?.write('x')
    await lines.count(2)
    client.socket.resume()
    await exited
    expect(lines.all.slice(1)).toEqual(['closing', 'closed'])
  })

  it('gets an error that says what to install if ws is missing, and can still use everything else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inspect-'))
    try {
      await cp('dist/lib', join(folder, 'dist/lib'), { recursive: true })
      await cp('package.json', join(folder, 'package.json'))
      await mkdir(join(folder, 'node_modules'))
      for (const name of await readdir('node_modules')) {
        if (name !== 'ws') await symlink(resolve('node_modules', name), join(folder, 'node_modules', name))
      }
      const { stdout } = await evaluate(
        `import { Aggregate } from 'cutover'
         import { startInspector } from 'cutover/inspect'
         new Aggregate({ id: 'a' })
         await startInspector().catch(error => console.log(error.code, error.message))`,
        folder,
      )
      expect(stdout).toMatch(/^CUTOVER_INSPECTOR_FAILED .*npm install ws\n$/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
