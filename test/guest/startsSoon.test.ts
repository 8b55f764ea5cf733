import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { childProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { expect, it, onTestFinished } from 'vitest'
import { directory } from '../fixtures/system.js'

function fileWith(code: string): URL {
  const path = join(directory(), 'module.mjs')
  writeFileSync(path, code)
  return pathToFileURL(path)
}

it('The program of a process imports its module before its host says anything', async () => {
  const module = fileWith("console.log('imported'); export function call() {}")
  const path = join(directory(), 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const program = fileURLToPath(import.meta.resolve('cutover/guest/process'))
  const args = [program, module.href, 'CUTOVER_HOST', '{}']
  const guest = spawn(process.execPath, args, { env: { CUTOVER_HOST: path }, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    guest.kill('SIGKILL')
    server.close()
  })
  const [line] = await once(createInterface(guest.stdout), 'line')
  expect(line).toBe('imported')
})

/** The globals that take long to load: the first is `fetch`, with `Request` and `Response`. */
const COSTLY = ['NativeModule internal/deps/undici/undici', 'NativeModule child_process']

it.each<[string, () => Provisioner]>([
  ['process', childProcess],
  ['worker', workerThread],
])('The program of a %s starts without the modules of Node.js that it may never need', async (_, host) => {
  const module = fileWith(`export async function call(uses) {
    if (uses) await Promise.all([Request, import('node:child_process')])
    return process.moduleLoadList
  }`)
  const runtime = host().provision<boolean, string[]>({ id: 'a', version: '1.0.0', module })
  runtime.start()
  const before = await runtime.call(false)
  const after = await runtime.call(true)
  await runtime.stop()
  const costly = (loaded: readonly string[]) => COSTLY.filter(name => loaded.includes(name))
  expect([costly(before), costly(after)]).toEqual([[], COSTLY])
})
